"""Results: the overview of a run: the sentence, its verdict, its weakest class, the next step."""
