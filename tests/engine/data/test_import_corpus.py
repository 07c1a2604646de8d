"""The corpus: hostile and odd archives go through the import with exactly the account that is due for each."""

import json

import pytest

from engine.data.importing.ingest import Account, ingest, read_account, write_account
from engine.errors import DataError
from tests.support.odd_archives import CASES
from tests.support.odd_files import REFUSED, USED


@pytest.mark.parametrize("case", CASES)
def test_the_account_is_exact(case, tmp_path, workspace):
    expected = CASES[case]
    path = tmp_path / expected.name
    path.write_bytes(expected.content())
    if expected.error:
        with pytest.raises(DataError) as refusal:
            ingest(path, workspace)
        assert refusal.value.template == expected.error
    else:
        account = ingest(path, workspace)
        assert [(record.name, record.label) for record in account.used] == expected.used
        assert {entry["file"]: entry["reason"] for entry in account.refused} == expected.refused
        assert account.received == len(account.used) + len(account.refused)
        check_it_can_be_kept(account, workspace.incoming)
    assert [other for other in tmp_path.iterdir() if other not in (path, workspace.root)] == []
    assert list(workspace.incoming.glob("upload-*")) == []


def check_it_can_be_kept(account: Account, folder) -> None:
    write_account(folder, account)
    assert read_account(folder) == Account.from_dict(json.loads(json.dumps(account.to_dict())))


def test_the_corpus_is_large_enough():
    assert len(CASES) >= 40 and len(USED) + len(REFUSED) >= 90
