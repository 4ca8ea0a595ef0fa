"""Classification: predicates, classes, criteria, hygiene findings and their evidence."""
