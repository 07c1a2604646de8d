"""Training where pictures may show several classes, each decided for itself."""
