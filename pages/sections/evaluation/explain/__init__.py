"""What belongs to explain."""
