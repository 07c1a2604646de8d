"""What belongs to label questions."""
