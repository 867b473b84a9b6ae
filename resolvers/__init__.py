"""GraphQL verbs, a file a noun: unpack, one call, pack."""
