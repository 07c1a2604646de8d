"""The parts of each page, a folder a page."""
