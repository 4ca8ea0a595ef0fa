"""Formats of files: readers of text, workbooks, JSON and Parquet that yield rows, each with its line."""
