"""Use-cases, one class a noun: commands (one transaction each), named processes, and watches over the bus."""
