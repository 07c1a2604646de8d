"""The Results page of runs whose pictures may show several classes."""
