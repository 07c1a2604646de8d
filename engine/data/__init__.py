"""Bring pictures in, check them, split them, decode them."""
