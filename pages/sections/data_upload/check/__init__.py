"""What belongs to check."""
