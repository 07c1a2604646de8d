"""What a file is, and how it becomes a picture that a network can see."""
