"""The computation as a whole: canonical records in, curated tables out."""
