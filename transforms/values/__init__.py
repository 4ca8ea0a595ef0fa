"""Value parsing and normalisation: one module per kind of value, evaluated on distinct values."""
