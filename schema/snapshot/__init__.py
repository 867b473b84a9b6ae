"""Types and inputs of Snapshot's hub, in its spelling: a second schema apart from ours, whose names it shares."""
