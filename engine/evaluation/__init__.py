"""How good a run is, and what that is worth."""
