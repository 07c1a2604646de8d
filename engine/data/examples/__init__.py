"""Sets of pictures that come with Graft or are drawn by it."""
