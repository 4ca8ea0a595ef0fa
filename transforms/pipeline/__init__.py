"""Computation of the curated tables from canonical records."""
