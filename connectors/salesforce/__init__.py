"""Salesforce: streams, and how they are walked."""
