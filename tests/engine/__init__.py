"""Promises of the engine; the folders mirror engine/."""
