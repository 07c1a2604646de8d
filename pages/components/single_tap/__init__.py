"""What belongs to single tap."""
