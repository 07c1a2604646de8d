"""What belongs to history."""
