"""Results: where a run fails, with the pictures to see why."""
