"""Collects the program's texts into the catalogues, and says what a catalogue lacks."""

import sys
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.pofile import read_po, write_po

from app.i18n import CATALOGUES, DEFAULT, LANGUAGES
from app.memberships.tier_file import shipped_tiers
from app.settings import ROOT

KEYWORDS = {
    "_": None,
    "_n": (1, 2),
    "gettext": None,
    "ngettext": (1, 2),
    "lazy": None,
    "marked": None,
}


def texts() -> Catalog:
    """Every text of the program, with the file it stands in (no line: that would change with every edit)."""
    with (CATALOGUES / "babel.cfg").open() as file:
        methods, options = parse_mapping_cfg(file)
    found = Catalog(project="Guildhall")
    for name, _line, message, comments, context in extract_from_dir(
        ROOT, methods, options, KEYWORDS, comment_tags=("L10N:",)
    ):
        found.add(message, None, [(name, 0)], auto_comments=comments, context=context)
    # What ships with the program is shown in the reader's language too.
    for tier in shipped_tiers():
        for words in (tier["name"], tier["how_to_get"], tier["description"]):
            if words:
                found.add(words, None, [("app/memberships/tiers.toml", 0)])
    return found


def catalogue(language: str) -> Catalog:
    """The catalogue of a language; an empty one if there is none yet."""
    file = path_of(language)
    if not file.exists():
        return Catalog(
            locale=language,
            project="Guildhall",
            version="1",
            header_comment=f"# Guildhall in another language: {LANGUAGES[language]}.",
            last_translator="Guildhall",
            language_team="Guildhall",
            msgid_bugs_address="",
            fuzzy=False,
        )
    with file.open("rb") as content:
        return read_po(content, locale=language)


def path_of(language: str) -> Path:
    """Where the catalogue of a language is."""
    return CATALOGUES / f"{language}.po"


def translated_languages() -> list[str]:
    """The languages that need a catalogue."""
    return [language for language in LANGUAGES if language != DEFAULT]


def main() -> int:
    """Bring every catalogue up to date: new texts come without a translation, old ones go."""
    for language in translated_languages():
        kept = catalogue(language)
        kept.update(texts(), no_fuzzy_matching=True, update_creation_date=False)
        kept.obsolete.clear()
        content = BytesIO()
        write_po(content, kept, width=110, sort_output=True, include_lineno=False, ignore_obsolete=True)
        path_of(language).write_bytes(content.getvalue())
        empty = sum(1 for message in kept if message.id and not message.string)
        print(f"{language}: {len(kept)} texts, {empty} to translate")
    return 0


if __name__ == "__main__":
    sys.exit(main())
