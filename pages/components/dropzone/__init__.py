"""What belongs to dropzone."""
