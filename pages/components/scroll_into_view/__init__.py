"""What belongs to scroll into view."""
