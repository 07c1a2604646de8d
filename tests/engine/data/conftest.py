"""Readers of hostile files: one small process that forks, for all tests of this folder."""

from collections.abc import Iterator

import pytest

from tests.support.measured import Readers


@pytest.fixture(scope="session")
def readers() -> Iterator[Readers]:
    with Readers() as readers:
        yield readers
