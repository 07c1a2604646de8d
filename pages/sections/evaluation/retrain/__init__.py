"""What belongs to retrain."""
