"""Alerts: messages to owners and RevOps, and their delivery."""
