"""How fast a large record is compared with its stores: `python -m evals.reconciliation`."""
