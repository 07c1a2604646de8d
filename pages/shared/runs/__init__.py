"""Training runs in lists, tables and choices."""
