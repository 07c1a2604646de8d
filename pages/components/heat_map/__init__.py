"""What belongs to heat map."""
