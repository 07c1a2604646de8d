"""Trainings as pages show them: live, waiting, in lists and tables."""
