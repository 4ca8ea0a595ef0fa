"""Reconciliation: conservation of records, totals and metrics of a run."""
