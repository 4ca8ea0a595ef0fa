"""Reading: queries of runs, commands and BI tools."""
