"""What belongs to add."""
