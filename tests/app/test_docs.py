"""What the documents say of the program is held against the program."""

import re
from pathlib import Path

import pytest

from app.settings import PREFIX, ROOT, Settings

DEPLOY = ROOT / "docs" / "deploy.md"
TABLE = re.compile(r"(<!-- settings:.*?-->\n)(.*?)(<!-- /settings -->)", re.DOTALL)
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


def write_settings_table() -> None:
    """Bring docs/deploy.md up to date."""
    DEPLOY.write_text(TABLE.sub(lambda found: found[1] + settings_table() + found[3], DEPLOY.read_text()))


def test_the_table_of_settings_is_what_the_program_reads():
    found = TABLE.search(DEPLOY.read_text())
    assert found, "docs/deploy.md has lost its markers"
    assert found[2] == settings_table(), "run: python -m tests.app.test_docs"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_what_a_document_links_to_or_names_is_there(page: Path):
    text = page.read_text()
    links = [one or other for one, other in LINK.findall(text)]
    wrong = [link for link in links if "://" not in link and not (page.parent / link).exists()]
    wrong += [name for name in NAMED.findall(text) if not (ROOT / name).exists()]
    assert not wrong


if __name__ == "__main__":
    write_settings_table()
