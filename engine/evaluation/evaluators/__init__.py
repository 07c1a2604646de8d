"""How a run is judged, a file a label kind."""
