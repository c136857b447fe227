"""Jinja, one environment a language: fails loudly, escapes everything, speaks through gettext."""

import hashlib
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context, select_autoescape
from jinja2.runtime import Context
from markupsafe import escape

from app import wording
from app.addresses import shown_address
from app.folding import FoldingEnvironment
from app.i18n import LANGUAGES, catalogue, ntranslated, spoken, translated
from app.settings import ROOT

TEMPLATES = ROOT / "templates"
STATIC = ROOT / "app" / "static"
HASH_LENGTH = 12


@cache
def static_version() -> str:
    """A hash over every static file: their addresses change when one of them does, and may be kept for ever."""
    digest = hashlib.sha256()
    for file in sorted(path for path in STATIC.rglob("*") if path.is_file()):
        digest.update(str(file.relative_to(STATIC)).encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()[:HASH_LENGTH]


def static(path: str) -> str:
    """The address of a static file."""
    return f"/static/{static_version()}/{path}"


class Templates:
    """Renders a template in the reader's language. `pattern` gives a route's path, its parameters as {name}."""

    def __init__(self, pattern: Callable[[str], str], site: Any, folder: Path = TEMPLATES) -> None:
        self._environments = {
            language: _environment(language, pattern, site, folder) for language in LANGUAGES
        }

    def render(self, name: str, /, **context: Any) -> str:
        """The template's text; an unknown name in it is an error, never an empty string."""
        return self._environments[spoken()].get_template(name).render(**context)


@pass_context
def _said(context: Context, text: str, **values: Any) -> str:
    """A text that is known only when the page is rendered: perhaps one that operators typed, as a tier's name.

    Jinja's own takes every text for HTML, and for a format even without values: “50% off” would break each page.
    """
    found = translated(text)
    if context.eval_ctx.autoescape:
        found = escape(found)
    return found % values if values else found


def _environment(language: str, pattern: Callable[[str], str], site: Any, folder: Path) -> Environment:
    def url(name: str, /, **params: object) -> str:
        return pattern(name).format_map(params)

    environment = FoldingEnvironment(
        translate=catalogue(language).ugettext,
        pattern=pattern,
        loader=FileSystemLoader(folder),
        autoescape=select_autoescape(disabled_extensions=("txt",), default=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
        # A process renders what was there when it began; every template is asked of the disk once.
        auto_reload=False,
    )
    environment.install_gettext_callables(translated, ntranslated, newstyle=True)  # type: ignore[attr-defined]  # the extension adds it
    plural: Callable[..., Any] = environment.globals["ngettext"]  # type: ignore[assignment]  # just installed

    @pass_context
    def ngettext(context: Context, one: str, many: str, num: int, **values: Any) -> Any:
        """Jinja's own, with `num` as the reader's language writes figures."""
        return plural(context, one, many, num, **{"num": wording.number(num), **values})

    environment.globals.update(
        {"_": _said, "gettext": _said},
        ngettext=ngettext,
        static=static,
        url=url,
        site=site,
        languages=LANGUAGES,
    )
    environment.filters.update(
        bytes=wording.size,
        date=wording.date,
        money=wording.money,
        minutes=wording.minutes,
        moment=wording.moment,
        clock=wording.clock_time,
        day=wording.day,
        number=wording.number,
        address=shown_address,
    )
    return environment
