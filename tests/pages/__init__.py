"""Promises of the pages."""
