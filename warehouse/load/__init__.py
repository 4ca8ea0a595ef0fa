"""Loading: rows copied into the staging schema."""
