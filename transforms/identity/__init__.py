"""Identity resolution: which records are one person, account or opportunity."""
