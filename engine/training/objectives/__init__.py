"""What is being learned: loss, balance and scores, a file a label kind."""
