"""How far an answer can be trusted: thresholds, unlike pictures, disturbed pictures."""
