"""Finding objects: a small head on the maps of the frozen network says where the centres of objects are."""
