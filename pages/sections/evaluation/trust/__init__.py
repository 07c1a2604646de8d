"""Results: how far an answer can be trusted."""
