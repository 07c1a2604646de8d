"""Training the upper layers of the network itself."""
