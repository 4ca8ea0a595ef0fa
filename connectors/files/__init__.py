"""Files as a source: CSV, TSV, JSON lines and Parquet."""
