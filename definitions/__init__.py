"""What we mean: canonical fields and records, table contracts, the definitions model and its predicate language."""
