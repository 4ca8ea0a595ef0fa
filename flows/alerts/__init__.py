"""Alerts: what is told to owners and RevOps, and how it is sent."""
