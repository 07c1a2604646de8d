"""Drawn pictures, archives, models and runs that tests share."""
