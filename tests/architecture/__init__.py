"""The rules that keep the house in order."""
