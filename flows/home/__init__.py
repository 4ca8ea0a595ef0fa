"""The home folder: state files, locks, run log, recovery."""
