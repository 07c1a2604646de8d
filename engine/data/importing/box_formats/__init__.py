"""Files that say where objects are in pictures, a file a format; `read.py` tells them apart."""
