"""What several pages share: words, names, the current project, page parts, the gallery and the drop zone."""
