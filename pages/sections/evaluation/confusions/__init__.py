"""What belongs to confusions."""
