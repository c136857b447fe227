"""Figures and times in words, in the reader's language and time zone."""

from contextvars import ContextVar
from datetime import date as Date  # noqa: N812  `date` is what the templates call its words
from datetime import datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel.dates import format_date, format_time, get_timezone_name
from babel.numbers import format_currency, format_decimal
from markupsafe import Markup

from app import clock
from app.i18n import gettext as _
from app.i18n import ngettext, spoken

HOUR = 60
# English as it is written where this house stands: 14:05, 3 May 2026.
LOCALES = {"en": "en_GB"}
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
    return format_decimal(value, locale=_locale())


def size(count: int) -> str:
    """Bytes in words: 640 MB. 1 GB is 1,000,000,000 bytes (DOMAIN.md)."""
    for unit, name in UNITS:
        if count >= unit:
            value = round(count / unit, 1)
            return f"{format_decimal(value, locale=_locale())} {name}"
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
    said = format_time(local, "short", locale=_locale())
    if _zone.get() is None:
        return f"{said} {get_timezone_name(local, width='short', locale=_locale())}"
    return said


def exact(at: datetime) -> str:
    """The whole date and time with its zone."""
    local = at.astimezone(zone())
    name = get_timezone_name(local, width="short", locale=_locale())
    return f"{format_date(local, 'long', locale=_locale())}, {format_time(local, 'HH:mm')} {name}"


def words(at: datetime) -> str:
    """A moment in words: today at 14:05, yesterday at 9:30, 3 May 2026 at 14:05."""
    local, today = at.astimezone(zone()), clock.now().astimezone(zone()).date()
    time = clock_time(at)
    if local.date() == today:
        return _("today at %(time)s", time=time)
    if local.date() == today - timedelta(days=1):
        return _("yesterday at %(time)s", time=time)
    if local.date() == today + timedelta(days=1):
        return _("tomorrow at %(time)s", time=time)
    date = format_date(local, "long", locale=_locale())
    return _("%(date)s at %(time)s", date=date, time=time)


def day(at: datetime) -> str:
    """The day of a moment in the reader's zone: 3 May 2026."""
    return format_date(at.astimezone(zone()), "long", locale=_locale())


def date(on: Date) -> Markup:
    """A day, or that of a moment in the reader's zone, as a `time` element: 3 May 2026."""
    if isinstance(on, datetime):
        on = on.astimezone(zone()).date()
    said = format_date(on, "long", locale=_locale())
    return Markup('<time datetime="{}">{}</time>').format(on.isoformat(), said)


def moment(at: datetime) -> Markup:
    """A moment as a `time` element: in words, exact on hover and for programs."""
    return Markup('<time datetime="{}" title="{}">{}</time>').format(at.isoformat(), exact(at), words(at))
