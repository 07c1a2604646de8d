"""A model file that somebody brings becomes a network to start from: checked first, loaded without its code, kept."""
