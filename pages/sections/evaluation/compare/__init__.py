"""What belongs to compare."""
