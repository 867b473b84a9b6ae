"""Killing a running system at every step, and looking at what is left: `python -m evals.crashes`."""
