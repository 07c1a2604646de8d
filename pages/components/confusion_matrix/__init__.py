"""What belongs to confusion matrix."""
