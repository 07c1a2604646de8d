"""What belongs to multi label."""
