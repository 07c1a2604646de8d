"""Judging a model whose pictures may show several classes."""
