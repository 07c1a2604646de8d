"""Widgets: a folder each, with its script and style."""
