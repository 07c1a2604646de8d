"""Jobs of a workspace: uploads, imports, checks, exports, maps, suggestions, measurements."""
