"""The sandbox server: requests, faults, limits."""
