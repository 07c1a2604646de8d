"""Workers that do what they are given at once, in the process of the test."""

from engine.compute import workers

LOOKS, IMPORTS, EXPORTS = "preview_import", "import", "export_dataset"


class WorkNow:
    """Stands in for the workers. Tasks in `does` are done at once, all of them when it is empty; others never begin."""

    def __init__(self, *does: str):
        self.does = does
        self.dead = False  # a dead worker does nothing

    def submit(self, task, *args, queue, key, on_done, worker=None):
        if self.dead or (self.does and task not in self.does):
            return
        try:
            workers.call(task, args)
            on_done(None)
        except Exception as error:
            on_done(error)

    def room(self, busy):
        return ["this process"]

    def give_up_strays(self):
        """None ever strays."""

    def cancel(self, key):
        """Nothing waits."""

    def close(self):
        """Nothing is open."""
