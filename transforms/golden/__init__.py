"""Golden records: survivorship of values, one row per entity."""
