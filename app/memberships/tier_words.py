"""A tier's prices in a sentence."""

from app import wording
from app.i18n import gettext as _


def price_words(cents: list[int]) -> str | None:
    """What the years cost: the last price holds for all later ones; None without a price."""
    if not cents:
        return None
    if len(set(cents)) == 1:
        return _("%(price)s a year.", price=wording.money(cents[0]))
    later = wording.money(cents[-1])
    different = _without_repeats(cents)
    if len(different) == 2:  # noqa: PLR2004  the first year's, and that of all others
        return _(
            "%(first)s in the first year, %(later)s a year later on.",
            first=wording.money(cents[0]),
            later=later,
        )
    years = ", ".join(
        _("year %(number)s: %(price)s", number=number, price=wording.money(price))
        for number, price in enumerate(different[:-1], start=1)
    )
    return _("By year: %(years)s, then %(later)s a year.", years=years, later=later)


def _without_repeats(cents: list[int]) -> list[int]:
    """The prices without those at the end that only repeat the last one."""
    kept = list(cents)
    while len(kept) > 1 and kept[-1] == kept[-2]:
        kept.pop()
    return kept
