"""What the Model page shows: networks, expert settings, the start bar."""
