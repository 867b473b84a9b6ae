"""Queries of Snapshot's hub."""
