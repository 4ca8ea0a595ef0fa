"""Terminal: commands, tables, progress."""
