"""Graft's engine: data in, an honest model out. Knows nothing of the browser (see docs/architecture.md)."""
