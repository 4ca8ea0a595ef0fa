"""History: changes since the last run, daily snapshots, calendar."""
