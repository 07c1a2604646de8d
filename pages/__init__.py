"""The pages of the app. `frame.py` is the script that runs on every click; the others are its pages."""
