"""From a vendor's record to a canonical one: one file a vendor."""
