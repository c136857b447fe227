"""Words in the reader's language: gettext catalogues, and texts that wait for a language."""

from contextvars import ContextVar
from functools import cache, lru_cache
from io import BytesIO
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal
from babel.support import LazyProxy, NullTranslations, Translations

from app.settings import ROOT

LANGUAGES = {"en": "English", "ca": "Català"}
DEFAULT = "en"
# English as it is written where this house stands: 14:05, 3 May 2026.
LOCALES = {"en": "en_GB"}
CATALOGUES: Path = ROOT / "app" / "locale"

Text = str | LazyProxy

_language: ContextVar[str] = ContextVar("language", default=DEFAULT)


@cache
def catalogue(language: str) -> NullTranslations:
    """The texts of a language, from its .po file: English is what the source says, and has none.

    Compiled in memory, once a process: no generated file that could be older than its source.
    """
    source = CATALOGUES / f"{language}.po"
    if not source.exists():
        return NullTranslations()
    compiled = BytesIO()
    with source.open("rb") as file:
        write_mo(compiled, read_po(file, locale=language))
    compiled.seek(0)
    return Translations(compiled)


def speak(language: str | None) -> str:
    """Use this language for the rest of the request or job; an unknown one is English. Returns it."""
    chosen = language if language in LANGUAGES else DEFAULT
    _language.set(chosen)
    return chosen


def spoken() -> str:
    """The language of this request or job, as a code."""
    return _language.get()


def translated(text: str) -> str:
    """The text in the reader's language; its named values are still to be filled in."""
    # To no text at all a catalogue answers with what it says of itself.
    return catalogue(_language.get()).ugettext(text) if text else ""


def ntranslated(one: str, many: str, n: int) -> str:
    """The text for one or for many, in the reader's language; its named values are still to be filled in."""
    return catalogue(_language.get()).ungettext(one, many, n)


def gettext(text: str, **values: object) -> str:
    """The text in the reader's language, with its named values filled in."""
    return translated(text) % values if values else translated(text)


def ngettext(one: str, many: str, n: int, **values: object) -> str:
    """The text for one or for many, with `num`, as figures are written, and the other named values filled in."""
    return ntranslated(one, many, n) % {"num": figure(n), **values}


def figure(value: float) -> str:
    """A number as the reader's language writes it: 12,345."""
    return _decimal(value, LOCALES.get(spoken(), spoken()))


@lru_cache(4096)
def _decimal(value: float, locale: str) -> str:
    return format_decimal(value, locale=locale)


def lazy(text: str, **values: object) -> LazyProxy:
    """A text that is put into words when it is shown, in the language of that moment."""
    return LazyProxy(gettext, text, enable_cache=False, **values)


def marked(text: str) -> str:
    """The text itself: it is kept in the database in English and translated when it is shown."""
    return text
