"""Salesforce's dialect."""
