"""Prefect: deployments, servers, states of runs, signals and time limits."""
