"""What belongs to class list."""
