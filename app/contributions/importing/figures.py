"""Amounts as files write them: with a point or a comma, a currency beside it, a sign or a word for money out."""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from app.contributions.importing.words import CURRENCIES, INCOMING, OUTGOING, plain
from app.i18n import lazy
from app.web.forms import Problem


class Decimals(StrEnum):
    """What stands before a file's cents."""

    POINT = "point"
    COMMA = "comma"


@dataclass(frozen=True)
class Money:
    """Hundredths, below zero if the amount says itself that it went out; `currency`: three letters, or empty."""

    cents: int
    currency: str = ""


_SIGN = r"[-+]"
_CURRENCY = r"(?:[A-Z]{3}|[€$£¤]|(?:US|USD|CA|C|AU|A|R)\$|FR\.|ZŁ|KČ|EUROS?)"
# The longest first: “CREDIT” is no “C”.
_WORD = "|".join(
    sorted((word.upper() for word in OUTGOING | INCOMING if word.isalpha()), key=len, reverse=True)
)
_AMOUNT = re.compile(
    rf"(?P<open>\()?(?P<s1>{_SIGN})?(?P<c1>{_CURRENCY})?(?P<s2>{_SIGN})?(?P<figures>[0-9.,'][0-9.,']*)(?P<s3>{_SIGN})?"
    rf"(?:(?P<w1>{_WORD})|(?P<c2>{_CURRENCY})(?P<s4>{_SIGN})?(?P<w2>{_WORD})?)?(?P<close>\))?"
)
_FIGURES = {
    Decimals.POINT: re.compile(r"([0-9]{1,3}(?:[,'][0-9]{3})+|[0-9]+|(?=\.[0-9]))(?:\.([0-9]{0,8}))?"),
    Decimals.COMMA: re.compile(r"([0-9]{1,3}(?:[.'][0-9]{3})+|[0-9]+|(?=,[0-9]))(?:,([0-9]{0,8}))?"),
}
_SPACE = re.compile(r"(?<![0-9])\s+|\s+(?![0-9])")  # one that is left between figures is a mistake
_GROUPING = re.compile(r"(?<=[0-9])[\s’`\N{ACUTE ACCENT}](?=[0-9]{3})")
_MINUSES = re.compile("[\N{MINUS SIGN}\N{EN DASH}\N{FIGURE DASH}\N{NON-BREAKING HYPHEN}\N{HYPHEN}]")
_DIGITS = 13
_LONGEST = 60


def amount_of(text: str, decimals: Decimals) -> int:
    """An amount in hundredths, below zero for what went out: -1.234,50, 1234.5, +12, 12-, (12), 12 S.

    Raises Problem.
    """
    return money_of(text, decimals).cents


def money_of(text: str, decimals: Decimals) -> Money:
    """The same with the currency that stands beside it, as three letters. Raises Problem."""
    match = _match(text)
    figures = _FIGURES[decimals].fullmatch(match["figures"]) if match else None
    if match is None or figures is None or len(figures[0]) > _DIGITS:
        raise Problem(lazy("This is not an amount as this file writes them."))
    whole, part = re.sub(r"[^0-9]", "", figures[1]), figures[2] or ""
    if part[2:].strip("0"):
        raise Problem(lazy("This amount has more than two digits after its %(sign)s.", sign=decimals))
    cents = int(Decimal(f"{whole or 0}.{part or 0}") * 100)
    signs = [each for name in ("s1", "s2", "s3", "s4") if (each := match[name])]
    word = plain(match["w1"] or match["w2"] or "")
    minus = "-" in signs or match["open"] is not None
    if len(signs) + (match["open"] is not None) > 1 or (minus and word in INCOMING):
        raise Problem(lazy("The sign of this amount contradicts the word beside it."))
    written = match["c1"] or match["c2"] or ""
    return Money(-cents if minus or word in OUTGOING else cents, CURRENCIES.get(written, written))


def is_amount(text: str) -> bool:
    """Whether a cell has an amount, with whatever sign before its cents."""
    match = _match(text)
    return match is not None and any(pattern.fullmatch(match["figures"]) for pattern in _FIGURES.values())


def decimals_in(texts: Iterable[str]) -> Decimals | None:
    """What stands before the cents of a column; None if it could be both: 1.234 and nothing else."""
    counts: Counter[Decimals] = Counter()
    is_open = False
    for text in texts:
        match = _match(text)
        figures = match["figures"] if match else ""
        marks = [each for each in figures if each in ".,"]
        if not marks:
            continue
        last, after = marks[-1], len(re.split(r"[.,]", figures)[-1])
        sign = Decimals.COMMA if last == "," else Decimals.POINT
        if len(set(marks)) == 1 and len(marks) > 1:
            # 1.234.567: what stands twice are thousands.
            counts[Decimals.POINT if sign is Decimals.COMMA else Decimals.COMMA] += 1
        elif len(marks) == 1 and after == 3 and re.match(r"[1-9][0-9]{0,2}[.,]", figures):  # noqa: PLR2004  a thousand, or three digits of a fraction
            is_open = True
        else:
            counts[sign] += 1
    if counts[Decimals.COMMA] != counts[Decimals.POINT]:
        return max(counts, key=lambda sign: counts[sign])
    return None if is_open or counts else Decimals.POINT


def _match(text: str) -> re.Match[str] | None:
    if len(text) > _LONGEST or not any(each in "0123456789" for each in text):
        return None
    grouped = _GROUPING.sub("'", _MINUSES.sub("-", text.strip())).upper()
    match = _AMOUNT.fullmatch(_SPACE.sub("", grouped))
    return match if match and bool(match["open"]) == bool(match["close"]) else None
