"""From stored pictures to batches."""
