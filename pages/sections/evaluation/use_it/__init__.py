"""Results: what can be done with a run."""
