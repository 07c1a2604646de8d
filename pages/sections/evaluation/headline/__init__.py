"""What belongs to headline."""
