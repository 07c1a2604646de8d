"""What belongs to language mark."""
