"""What pages show of a search for the best network: how it begins, and how it stands."""
