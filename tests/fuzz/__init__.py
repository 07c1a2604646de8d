"""Coverage-guided fuzzers of the readers (atheris); SECURITY.md tells how they are run."""
