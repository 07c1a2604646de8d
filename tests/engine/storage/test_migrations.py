"""The tables of the registry are brought up to date on opening: quickly, once, all or nothing, and never backwards.

They are tried on SQLite, and on PostgreSQL where TEST_POSTGRES_URL names a database that may be emptied.
"""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from engine.data.modalities.image_facts import ImageFacts, image_facts
from engine.errors import UserError
from engine.storage import migrations, schema
from engine.storage.registry import Registry

ROOT = Path(__file__).parents[3]
OLD = ROOT / "tests" / "support" / "workspaces" / "0.0-8a73e94.zip"
ITEM = (
    "INSERT INTO items (id, dataset_id, sha256, name, label, split, width, height, bytes, pixels_hash, phash, "
    "sharpness, brightness, contrast, added, removed) VALUES"
)
ROWS = (
    "INSERT INTO projects VALUES ('p', 'Old', '2025')",
    "INSERT INTO datasets VALUES ('d', 'p', '2025', '{}', 3)",
    f"{ITEM} (1, 'd', 'aa', 'cat/1.png', 'cat', 'test', 640, 480, 99, 'bb', 'cc', .5, .25, .125, '2025', false)",
    f"{ITEM} (2, 'd', 'ee', 'cat/2.png', 'cat', NULL, 0, 0, 9, '', '', NULL, NULL, NULL, '2025', false)",
)
POSTGRES = os.environ.get("TEST_POSTGRES_URL")


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request, tmp_path) -> str:
    """The address of an empty database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'registry.sqlite'}"
    if not POSTGRES:
        pytest.skip("TEST_POSTGRES_URL names no database")
    with sa.create_engine(POSTGRES).begin() as connection:
        connection.exec_driver_sql("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    return POSTGRES


@pytest.fixture
def unversioned(url) -> str:
    """A database as 8a73e94 left it: the first tables, two items and no version."""
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        migrations.upgrade(connection, "0001")
        schema.VERSIONS.drop(connection)
        for statement in ROWS:
            connection.exec_driver_sql(statement)
    return url


def version_of(url: str) -> str | None:
    with sa.create_engine(url).connect() as connection:
        return schema._version(connection)


def test_a_new_database_has_the_tables_that_the_migrations_make(url):
    Registry(url).close()
    assert version_of(url) == schema.HEAD == migrations.known()[0]
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        schema.Base.metadata.drop_all(connection)
        schema.VERSIONS.drop(connection)
        migrations.upgrade(connection)
        assert compare_metadata(MigrationContext.configure(connection), schema.Base.metadata) == []


def test_a_database_from_before_there_were_versions_keeps_everything(unversioned):
    registry = Registry(unversioned)
    first, second = registry.items("d")
    assert (first.sha256, first.label, first.split, first.bytes) == ("aa", "cat", "test", 99)
    assert (second.sha256, second.split, second.removed) == ("ee", None, False)
    known = ImageFacts(640, 480, "bb", "cc", sharpness=0.5, brightness=0.25, contrast=0.125)
    assert (first.modality, image_facts(first), image_facts(second)) == ("image", known, ImageFacts())
    assert registry.version("d") == "3" and [project.name for project in registry.projects()] == ["Old"]
    registry.close()
    assert version_of(unversioned) == schema.HEAD


def test_several_processes_that_open_an_old_database_at_once_all_succeed(tmp_path):
    with zipfile.ZipFile(OLD) as packed:
        packed.extract("registry.sqlite", tmp_path)
    url = f"sqlite:///{tmp_path / 'registry.sqlite'}"
    code = f"from engine.storage.registry import Registry; print(len(Registry({url!r}).projects()))"
    begun = [
        subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True) for _ in range(3)
    ]
    assert [process.communicate()[0].strip() for process in begun] == ["3"] * 3
    assert version_of(url) == schema.HEAD


def test_an_upgrade_that_fails_leaves_everything_as_it_was(unversioned, monkeypatch):
    def half(connection):
        connection.exec_driver_sql("ALTER TABLE items ADD COLUMN half INTEGER")
        connection.exec_driver_sql("UPDATE items SET label = 'lost'")
        raise RuntimeError("the power went")

    with monkeypatch.context() as patch:
        patch.setattr(migrations, "upgrade", half)
        with pytest.raises(RuntimeError):
            Registry(unversioned)
    engine = sa.create_engine(unversioned)
    assert "half" not in {column["name"] for column in sa.inspect(engine).get_columns("items")}
    registry = Registry(unversioned)
    assert registry.counts("d") == {"cat": {"": 1, "test": 1}}
    registry.close()


def test_a_database_of_a_newer_graft_is_refused_in_words_and_left_alone(url):
    Registry(url).close()
    with sa.create_engine(url).begin() as connection:
        connection.execute(schema.VERSIONS.update().values(version_num="9999"))
    with pytest.raises(UserError, match="written by a newer Graft .* version is 9999"):
        Registry(url)
    assert version_of(url) == "9999"


def test_opening_costs_no_alembic_where_nothing_is_to_be_changed(tmp_path):
    url = f"sqlite:///{tmp_path / 'registry.sqlite'}"
    code = (
        "import sys; from engine.storage.registry import Registry; "
        f"Registry({url!r}).close(); Registry({url!r}).close(); print('alembic' in sys.modules)"
    )
    answer = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "False"
