"""What one query may ask for: the hub's own limits, and bounds on what an answer may cost."""

MAX_FIRST, MAX_SKIP, MAX_SPACES_SKIP = 1_000, 5_000, 100_000
MAX_IN, MAX_SPACES_IN = 100, 10_000
"""Values of a list that ends in `_in`; the second for the spaces of proposals."""
MAX_DEPTH, MAX_ROOTS = 5, 5
"""Levels below the query's own fields, and how many of those there may be."""
MAX_ALIASES, MAX_SELECTED = 20, 1_000
"""In one operation, its fragments written out."""
MAX_FIELDS = 100_000
"""Values in one answer. The hub's own interface asks for about 80 a proposal, so a thousand at once fit."""
MAX_TEXT = 16 * 1024 * 1024
"""Characters of bodies in one answer."""
