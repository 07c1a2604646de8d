"""Sounds: samples out of files, spectrograms, facts and what is wrong with them."""
