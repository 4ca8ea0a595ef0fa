"""When, in what order, with which secrets: Prefect flows, settings, the command line."""
