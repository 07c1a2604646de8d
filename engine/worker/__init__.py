"""What a worker is asked to do."""
