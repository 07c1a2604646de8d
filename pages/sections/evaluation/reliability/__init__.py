"""What belongs to reliability."""
