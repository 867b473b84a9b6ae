"""The rules: frozen values and pure functions. No clock, no I/O; each port stands beside its noun."""
