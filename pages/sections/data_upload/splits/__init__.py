"""What belongs to splits."""
