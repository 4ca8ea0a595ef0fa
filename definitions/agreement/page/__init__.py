"""The agreement as a page to read aloud and sign."""
