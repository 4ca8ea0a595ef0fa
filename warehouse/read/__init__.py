"""Reading: what runs, commands and BI tools ask of the warehouse."""
