"""What belongs to embedding map."""
