"""The classifier on top of the features."""
