"""Who does the work: Dask workers, the queue of runs, jobs in the background."""
