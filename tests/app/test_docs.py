"""What the documents say of the program is held against the program."""

import re
from pathlib import Path

import pytest

from app.models import Base
from app.settings import PREFIX, ROOT, Settings

DEPLOY = ROOT / "docs" / "deploy.md"
ARCHITECTURE = ROOT / "docs" / "architecture.md"
DECISIONS = ROOT / "docs" / "decisions" / "README.md"
TABLE = re.compile(r"(<!-- (settings|tables|decisions):.*?-->\n)(.*?)(<!-- /\2 -->)", re.DOTALL)
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *ROOT.glob("*/README.md")])
LINK = re.compile(r"!?\[[^\]]*\]\(([^)#\s]+)[^)]*\)|src=\"([^\"]+)\"")
NAMED = re.compile(r"`((?:app|bbb_client|quotas|tests|templates|alembic|docs)/[\w./-]+)`")


def settings_table() -> str:
    """The settings, as docs/deploy.md shows them."""
    lines = ["| setting | what | if it is not set |", "|---|---|---|"]
    for name, field in Settings.model_fields.items():
        default = "must be set" if field.is_required() else shown(field.default)
        what = str(field.description).replace("<", "\\<")  # no HTML
        lines.append(f"| `{PREFIX}{name.upper()}` | {what} | {default} |")
    return "\n".join(lines) + "\n"


def shown(default: object) -> str:
    if isinstance(default, bool):
        return "`true`" if default else "`false`"
    return f"`{default}`" if str(default) not in {"", "[]", "None"} else "empty"


def tables() -> str:
    """The tables by the folder that has them, as docs/architecture.md shows them."""
    found: dict[str, list[str]] = {}
    for mapper in Base.registry.mappers:
        found.setdefault(mapper.class_.__module__.split(".")[1], []).append(f"`{mapper.local_table.name}`")
    rows = [f"| `{folder}` | {' '.join(sorted(names))} |" for folder, names in sorted(found.items())]
    return "\n".join(["| where in `app/` | tables |", "|---|---|", *rows]) + "\n"


def decisions() -> str:
    """The decisions by number, as docs/decisions/README.md lists them."""
    rows = []
    for page in sorted(DECISIONS.parent.glob("[0-9]*.md")):
        number, _dot, title = page.read_text().partition("\n")[0].removeprefix("# ").partition(". ")
        rows.append(f"{number}. [{title}]({page.name})")
    return "\n".join(rows) + "\n"


WRITTEN = {DEPLOY: settings_table, ARCHITECTURE: tables, DECISIONS: decisions}


def write() -> None:
    """Bring the tables that are made from the code up to date."""
    for page, made in WRITTEN.items():
        page.write_text(TABLE.sub(lambda found, made=made: found[1] + made() + found[4], page.read_text()))


@pytest.mark.parametrize("page", WRITTEN, ids=lambda page: page.parent.name + "/" + page.name)
def test_what_is_made_from_the_code_is_as_it_is(page: Path):
    found = TABLE.search(page.read_text())
    assert found, f"{page.name} has lost its markers"
    assert found[3] == WRITTEN[page](), "run: python -m tests.app.test_docs"


def test_the_architecture_names_every_part_of_the_site():
    found = (ROOT / "app").iterdir()
    parts = {path.stem for path in found if path.suffix == ".py" or (path / "__init__.py").exists()}
    named = set(re.findall(r"`(?:app/)?(\w+)(?:/|\.py)?`", ARCHITECTURE.read_text()))
    assert parts - {"__init__", "__main__"} <= named


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_what_a_document_links_to_or_names_is_there(page: Path):
    text = page.read_text()
    links = [one or other for one, other in LINK.findall(text)]
    wrong = [link for link in links if "://" not in link and not (page.parent / link).exists()]
    wrong += [name for name in NAMED.findall(text) if not (ROOT / name).exists()]
    assert not wrong


if __name__ == "__main__":
    write()
