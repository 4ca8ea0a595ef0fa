"""Bring records in, untouched: one file a vendor, one HTTP client, pagers, landing."""
