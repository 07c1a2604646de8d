"""What one import may cost: files, unpacked bytes and seconds. All readers of an archive share one purse."""

import time
from dataclasses import dataclass, field

from engine import settings
from engine.errors import DataError

RATIO_GRACE = 64 * 2**20  # bytes; drawings compress a lot, so the ratio only counts for something that hurts
# An honest import is far quicker: 60,000 small pictures a minute, or 10 MB of photographs a second, on two cores.
SECONDS_PER_MB, SECONDS_PER_FILE = 2.0, 0.05


class LimitError(DataError):
    """The import as a whole asks for more than the settings allow."""


@dataclass
class Budget:
    """What one import may still expand to; archives inside archives share it.

    `compressed` is the size of what was sent, in bytes. `expanded` grows by every byte that a decompressor makes,
    whether somebody wants it or not.
    """

    compressed: int
    members: int = 0
    expanded: int = 0
    limits: settings.Settings = field(default_factory=settings.current)
    started: float = field(default_factory=lambda: time.monotonic())

    def spend(self, size: int = 0, members: int = 0) -> None:
        """Count what was read. Raises LimitError when it is too much, or took too long."""
        self.members += members
        self.expanded += size
        self.check()
        check_time(self.started, self.compressed, self.members, grace=self.limits.max_import_seconds)

    def check(self, size: int = 0, members: int = 0) -> None:
        """Raise LimitError when so much more would be too much."""
        if self.members + members > self.limits.max_archive_members:
            raise LimitError(
                "The archive holds more than {limit} files. Divide it, or raise GRAFT_MAX_ARCHIVE_MEMBERS.",
                limit=self.limits.max_archive_members,
            )
        if self.expanded + size > self.limits.max_archive_mb * 2**20:
            raise LimitError(
                "Unpacked, the archive is larger than {limit} MB. Divide it, or raise GRAFT_MAX_ARCHIVE_MB.",
                limit=self.limits.max_archive_mb,
            )
        if self.expanded + size > max(RATIO_GRACE, self.compressed * self.limits.max_expansion_ratio):
            raise LimitError(
                "Unpacked, the archive is more than {ratio} times as large as before, as only archives made to do harm "
                "are. Nothing was brought in. If you trust it, unpack it yourself and add the folder.",
                ratio=self.limits.max_expansion_ratio,
            )


def check_time(started: float, size: int, files: int, *, grace: int) -> None:
    """Raise LimitError when an import of so many bytes and files takes longer than any honest one.

    started: as time.monotonic() told it; grace: seconds that every import has.
    """
    allowed = grace + SECONDS_PER_MB * size / 2**20 + SECONDS_PER_FILE * files
    if time.monotonic() - started > allowed:
        raise LimitError(
            "Reading it took more than {seconds} seconds, far more than {files} files of together {size} MB need. "
            "Nothing was brought in. If you trust it, divide it, or raise GRAFT_MAX_IMPORT_SECONDS.",
            seconds=round(allowed),
            files=files,
            size=round(size / 2**20, 1),
        )
