"""Other systems' test vectors, run against our counting: one module a format, runs.py the way in."""
