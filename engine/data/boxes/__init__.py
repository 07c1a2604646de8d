"""Boxes around objects: kept with items, fitted to pictures, written for other tools."""
