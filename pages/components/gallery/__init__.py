"""What belongs to gallery."""
