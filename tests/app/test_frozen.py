"""Migrations that a release has shipped never change: their hashes are held in frozen_migrations.toml."""

import hashlib
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory
from procrastinate.schema import SchemaManager

from app.settings import ROOT

FROZEN = Path(__file__).with_name("frozen_migrations.toml")
VERSIONS = ROOT / "alembic" / "versions"
ABOUT = """\
# The migrations that each release brought, with the SHA-256 of each file, and the job library's tables that the
# first migration makes. Written by `.venv/bin/python -m tests.app.test_frozen v1.2.3`: CONTRIBUTING.md, "A release".
"""


def frozen(path=FROZEN):
    """The releases, oldest first: each with its `head`, its `migrations` by file, and its `jobs`."""
    return tomllib.loads(path.read_text()) if path.exists() else {}


def hash_of(text):
    """The same whatever ends a line: a checkout may change that."""
    return hashlib.sha256(text.replace("\r\n", "\n").encode()).hexdigest()


def hash_of_jobs():
    return hash_of(SchemaManager.get_schema())


def scripts():
    return ScriptDirectory.from_config(Config(ROOT / "alembic.ini"))


def migrations(head="head"):
    """The files from the first migration to `head`, each with its hash."""
    steps = [*scripts().iterate_revisions(head, "base")]
    return {Path(step.path).name: hash_of(Path(step.path).read_text()) for step in reversed(steps)}


def changed(releases, folder=VERSIONS):
    """What became of each file that a release has shipped and that is not as it was."""
    lines = []
    for release, held in releases.items():
        for name, digest in held["migrations"].items():
            path = folder / name
            if not path.exists():
                lines.append(f"{name} is gone: {release} has shipped it")
            elif hash_of(path.read_text()) != digest:
                lines.append(f"{name} has changed since {release}: undo that, and write a new migration")
    return lines


def freeze(release, path=FROZEN):
    """Hold what this release ships. Those before it must be as they were; one that has its tag is finished."""
    releases = frozen(path)
    tagged = subprocess.run(["git", "tag", "--list", release], cwd=ROOT, capture_output=True, check=False)
    if release in releases and tagged.stdout.strip():
        raise SystemExit(f"{release} has its tag: what it ships is frozen. Name the next release.")
    releases.pop(release, None)
    if lines := changed(releases):
        raise SystemExit("\n".join(lines))
    known = {name for held in releases.values() for name in held["migrations"]}
    new = {name: digest for name, digest in migrations().items() if name not in known}
    releases[release] = {"head": scripts().get_current_head(), "jobs": hash_of_jobs(), "migrations": new}
    path.write_text(written(releases))


def written(releases):
    """The releases as TOML."""
    parts = [ABOUT]
    for release, held in releases.items():
        parts.append(f'["{release}"]\nhead = "{held["head"]}"\njobs = "{held["jobs"]}"\n')
        lines = "".join(f'"{name}" = "{digest}"\n' for name, digest in held["migrations"].items())
        parts.append(f'["{release}".migrations]\n{lines}')
    return "\n".join(parts)


def test_migrations_of_a_release_have_not_changed():
    releases = frozen()
    assert releases, "no release is frozen: see CONTRIBUTING.md"
    assert changed(releases) == []


@pytest.mark.parametrize("release", frozen())
def test_a_release_ends_where_it_ended_and_nothing_was_put_in_before(release):
    releases = frozen()
    upto = [*releases][: [*releases].index(release) + 1]
    held = {name for one in upto for name in releases[one]["migrations"]}
    assert {*migrations(releases[release]["head"])} == held


def test_the_job_library_makes_the_tables_that_it_made_at_the_last_release():
    newest = [*frozen().values()][-1]
    assert hash_of_jobs() == newest["jobs"], (
        "Procrastinate has other tables than before. Databases with the older ones need a migration (its SQL is in "
        "procrastinate/sql/migrations) that does nothing in a new database, where 0001 makes the newer. Then put "
        f'jobs = "{hash_of_jobs()}" into {FROZEN.name}.'
    )


def test_the_version_is_the_newest_release_and_the_changelog_says_what_is_in_each():
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    told = re.findall(
        r"^## \[(\d+\.\d+\.\d+)\] - \d{4}-\d\d-\d\d$", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE
    )
    assert told[0] == version
    assert [f"v{one}" for one in reversed(told)] == [*frozen()]


def test_a_changed_file_and_one_that_is_gone_are_named(tmp_path):
    (tmp_path / "0001_a.py").write_text("a")
    (tmp_path / "0002_b.py").write_bytes(b"b\r\n")
    releases = {
        "v1.0.0": {
            "migrations": {"0001_a.py": hash_of("A"), "0002_b.py": hash_of("b\n"), "0003_c.py": hash_of("c")}
        }
    }
    assert changed(releases, tmp_path) == [
        "0001_a.py has changed since v1.0.0: undo that, and write a new migration",
        "0003_c.py is gone: v1.0.0 has shipped it",
    ]


def test_a_release_is_frozen_with_what_it_adds_and_again_until_it_has_its_tag(tmp_path):
    path = tmp_path / "frozen.toml"
    first, *others = migrations()
    path.write_text(
        written({"v0.0.1": {"head": "0001", "jobs": "", "migrations": {first: migrations()[first]}}})
    )
    for _again in range(2):
        freeze("v0.0.2", path)
        assert [*frozen(path)["v0.0.2"]["migrations"]] == others
        assert frozen(path)["v0.0.2"]["head"] == scripts().get_current_head()
    path.write_text(path.read_text().replace(migrations()[first], hash_of("another")))
    with pytest.raises(SystemExit, match=f"{first} has changed since v0.0.1"):
        freeze("v0.0.3", path)


if __name__ == "__main__":
    if len(sys.argv) != 2 or not re.fullmatch(r"v\d+\.\d+\.\d+", sys.argv[1]):
        raise SystemExit("usage: python -m tests.app.test_frozen v1.2.3")
    freeze(sys.argv[1])
