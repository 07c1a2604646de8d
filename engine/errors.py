"""Errors that the person in front of Graft can fix."""


class UserError(Exception):
    """Something went wrong that the reader of the sentence can put right.

    `template` is a literal English sentence with {placeholders} and is what gets translated; `values` fill it in. One
    of them may be a sentence itself: another UserError, or its `to_dict()`. `str(error)` is the English sentence.
    """

    def __init__(self, template: str, **values):
        super().__init__(template, values)
        self.template = template
        self.values = values

    def __str__(self) -> str:
        return sentence(self.template, self.values)

    def __reduce__(self):
        return _rebuild, (type(self), self.template, self.values)

    def to_dict(self) -> dict:
        """Return plain data that fits into a JSON status file."""
        return {"template": self.template, "values": {key: _plain(value) for key, value in self.values.items()}}


class DataError(UserError):
    """A file, an archive or a dataset is not what it should be."""


class BackboneError(UserError):
    """A pretrained network is unknown or its weights cannot be had."""


class TrainingError(UserError):
    """A recipe or a run cannot do what was asked of it."""


class DiskError(UserError):
    """A file could not be written: the disk is full, or there will not be room enough."""


class ComputeError(UserError):
    """No worker could be reached, or it died."""


class Stopped(UserError):
    """Somebody asked for work to end before it was done, or it is good or late enough."""

    def __init__(self, template: str = "It was stopped.", **values):
        super().__init__(template, **values)


UNEXPECTED = "Something went wrong inside Graft: {error}. The details are in the server's log."
UNEXPECTED_IN_LOG = "Something went wrong inside Graft: {error}. The details are in {log}."


def _rebuild(kind: type, template: str, values: dict) -> UserError:
    return kind(template, **values)


def sentence(template: str, values: dict) -> str:
    """Return the English sentence, with sentences inside it filled in as well."""
    return template.format(**{key: _spoken(value) for key, value in values.items()})


def _spoken(value):
    return sentence(value["template"], value["values"]) if isinstance(value, dict) else value


def _plain(value):
    if isinstance(value, UserError):
        return value.to_dict()
    if isinstance(value, dict):
        return value
    return value if isinstance(value, str | int | float | bool | type(None)) else str(value)
