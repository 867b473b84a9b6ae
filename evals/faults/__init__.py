"""Pausing, killing, slowing and filling up engines under load: `python -m evals.faults`."""
