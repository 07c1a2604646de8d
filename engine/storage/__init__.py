"""What is kept on disk: the workspace, runs as plain files, the registry, its history."""
