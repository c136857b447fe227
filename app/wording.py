"""Figures and times in words, in the reader's language and time zone."""

from contextvars import ContextVar
from datetime import date as Date  # noqa: N812  `date` is what the templates call its words
from datetime import datetime, time, timedelta
from decimal import Decimal
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel.dates import format_date, format_time, get_timezone_name
from babel.numbers import format_currency
from markupsafe import Markup, escape

from app import clock
from app.i18n import LOCALES, figure, ngettext, spoken
from app.i18n import gettext as _

HOUR = 60
UNITS = ((1_000_000_000, "GB"), (1_000_000, "MB"), (1_000, "kB"))

_zone: ContextVar[str | None] = ContextVar("zone", default=None)


def use_zone(name: str | None) -> None:
    """Show times in this IANA zone for the rest of the request; None: UTC, and say so."""
    _zone.set(name)


def zone() -> ZoneInfo:
    """The reader's zone, UTC if it is not known."""
    try:
        return ZoneInfo(_zone.get() or "UTC")
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


def _locale() -> str:
    return LOCALES.get(spoken(), spoken())


def number(value: float) -> str:
    """12,345 as the reader's language writes it."""
    return figure(value)


def size(count: int) -> str:
    """Bytes in words: 640 MB. 1 GB is 1,000,000,000 bytes (DOMAIN.md)."""
    for unit, name in UNITS:
        if count >= unit:
            value = round(count / unit, 1)
            return f"{figure(value)} {name}"
    return ngettext("%(num)s byte", "%(num)s bytes", count)


def money(cents: int, currency: str = "EUR") -> str:
    """An amount of money in hundredths of its unit: €1,200.50, 1.200,50 €; pence and yen as their code says."""
    return format_currency(Decimal(cents) / 100, currency, locale=_locale(), currency_digits=False)


def minutes(count: int) -> str:
    """Minutes in words: 45 min, 3 h, 1 h 20 min."""
    hours, rest = divmod(count, HOUR)
    if not hours:
        return _("%(minutes)s min", minutes=rest)
    if not rest:
        return _("%(hours)s h", hours=hours)
    return _("%(hours)s h %(minutes)s min", hours=hours, minutes=rest)


def clock_time(at: datetime) -> str:
    """The time of day in the reader's zone: 14:05; with the zone's name when it is not the reader's own."""
    local = at.astimezone(zone())
    said = _time(local.time(), _locale())
    return f"{said} {_zone_name(local)}" if _zone.get() is None else said


def exact(at: datetime) -> str:
    """The whole date and time with its zone."""
    local = at.astimezone(zone())
    return f"{_date(local.date(), _locale())}, {local.hour:02}:{local.minute:02} {_zone_name(local)}"


def words(at: datetime) -> str:
    """A moment in words: today at 14:05, yesterday at 9:30, 3 May 2026 at 14:05."""
    local, today = at.astimezone(zone()), clock.now().astimezone(zone()).date()
    said = clock_time(at)
    if local.date() == today:
        return _("today at %(time)s", time=said)
    if local.date() == today - timedelta(days=1):
        return _("yesterday at %(time)s", time=said)
    if local.date() == today + timedelta(days=1):
        return _("tomorrow at %(time)s", time=said)
    return _("%(date)s at %(time)s", date=_date(local.date(), _locale()), time=said)


def day(at: datetime) -> str:
    """The day of a moment in the reader's zone: 3 May 2026."""
    return _date(at.astimezone(zone()).date(), _locale())


def date(on: Date) -> Markup:
    """A day, or that of a moment in the reader's zone, as a `time` element: 3 May 2026."""
    if isinstance(on, datetime):
        on = on.astimezone(zone()).date()
    return Markup('<time datetime="{}">{}</time>').format(on.isoformat(), _date(on, _locale()))


def moment(at: datetime) -> Markup:
    """A moment as a `time` element: in words, exact on hover and for programs."""
    title, said = escape(exact(at)), escape(words(at))
    return Markup(f'<time datetime="{at.isoformat()}" title="{title}">{said}</time>')  # noqa: S704  escaped above


# A page of a hundred recordings says three hundred dates. The library reads its patterns anew for each: what it has
# said of a day, a minute, a zone or a figure is kept.


@lru_cache(4096)
def _date(day: Date, locale: str) -> str:
    return format_date(day, "long", locale=locale)


def _time(at: time, locale: str) -> str:
    return _minute(at.replace(second=0, microsecond=0, tzinfo=None), locale)


@lru_cache(24 * HOUR)
def _minute(at: time, locale: str) -> str:
    return format_time(at, "short", locale=locale)


def _zone_name(local: datetime) -> str:
    """CEST: the same all summer, so there are no more of them than zones twice."""
    key = str(local.tzinfo), local.utcoffset(), local.dst(), _locale()
    if key not in _zone_names:
        _zone_names[key] = get_timezone_name(local, width="short", locale=_locale())
    return _zone_names[key]


_zone_names: dict[tuple[object, ...], str] = {}
