"""What belongs to labelling."""
