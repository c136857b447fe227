"""What a lowered limit does to those on a tier, in sentences (DOMAIN.md, what happens on a downgrade)."""

from collections.abc import Callable

from app.admin.limits_words import LABELS, figure
from app.admin.tier_effects import Above
from app.i18n import Text, lazy
from app.i18n import gettext as _
from app.i18n import ngettext as _n
from app.memberships.models import PolicyRow, Removal
from quotas.limits import LimitName


def label(name: LimitName) -> str:
    """The limit by its name."""
    return str(LABELS[name])


def how_many(found: Above) -> str:
    """How many holders would be above the new limit; what cannot be in use now is said of the last 30 days."""
    number = found.holders.total
    if not number:
        return str(_NOBODY.get(found.lowered.name, lazy("Nobody would be above it.")))
    said = _HOW_MANY.get(found.lowered.name, _above)(number)
    if not found.already:
        return said
    if found.already == number:
        return f"{said} {_all_already(number)}"
    return f"{said} {_some_already(found.already)}"


def what_follows(name: LimitName, policy: PolicyRow) -> str:
    """What happens to them: never that something is deleted at once."""
    return _FOLLOWS[name](policy)


def used(found: Above, value: int) -> str:
    """A figure of use."""
    return figure(found.lowered.name, value)


def _above(number: int) -> str:
    return _n(
        "One holder would be above the new limit.", "%(num)s holders would be above the new limit.", number
    )


def _all_already(number: int) -> str:
    return _n(
        "It is above the present one already.", "All of them are above the present one already.", number
    )


def _some_already(number: int) -> str:
    return _n(
        "One of them is above the present one already.",
        "%(num)s of them are above the present one already.",
        number,
    )


_NOBODY: dict[LimitName, Text] = {
    LimitName.MEETING_MINUTES: lazy("Nobody had a longer sitting in the last 30 days."),
    LimitName.GROUP_SIZE: lazy("Nobody had more people in a meeting in the last 30 days."),
    LimitName.LARGE_SESSION_PEOPLE: lazy("Nobody had more people in a large session in the last 30 days."),
    LimitName.RECORDING_DAYS: lazy("Nobody has older recordings."),
}
_HOW_MANY: dict[LimitName, Callable[[int], str]] = {
    LimitName.MEETING_MINUTES: lambda number: _n(
        "One holder had a longer sitting in the last 30 days.",
        "%(num)s holders had longer sittings in the last 30 days.",
        number,
    ),
    LimitName.GROUP_SIZE: lambda number: _n(
        "One holder had more people in a meeting in the last 30 days.",
        "%(num)s holders had more people in a meeting in the last 30 days.",
        number,
    ),
    LimitName.LARGE_SESSION_PEOPLE: lambda number: _n(
        "One holder had more people in a large session in the last 30 days.",
        "%(num)s holders had more people in a large session in the last 30 days.",
        number,
    ),
    LimitName.RECORDING_DAYS: lambda number: _n(
        "One holder has older recordings.", "%(num)s holders have older recordings.", number
    ),
}


def _storage(policy: PolicyRow) -> str:
    if policy.recording_removal == Removal.DELETE:
        return _n(
            "Their recordings stay untouched for one day, and no new one is made. Then the oldest are deleted, as "
            "many as are too much, after mails 14 and 3 days before.",
            "Their recordings stay untouched for %(num)s days, and no new one is made. Then the oldest are deleted, "
            "as many as are too much, after mails 14 and 3 days before.",
            policy.retention_grace_days,
        )
    return _n(
        "Nothing is deleted. Their recordings stay untouched for one day, and no new one is made. Then the oldest "
        "are unpublished, as many as are too much, after mails 14 and 3 days before.",
        "Nothing is deleted. Their recordings stay untouched for %(num)s days, and no new one is made. Then the "
        "oldest are unpublished, as many as are too much, after mails 14 and 3 days before.",
        policy.retention_grace_days,
    )


def _older(policy: PolicyRow) -> str:
    if policy.recording_removal == Removal.DELETE:
        return _("Older recordings are deleted, never without mails 14 and 3 days before.")
    return _(
        "Older recordings are unpublished, never without mails 14 and 3 days before. Nothing is deleted."
    )


_FOLLOWS: dict[LimitName, Callable[[PolicyRow], str]] = {
    LimitName.MEETING_MINUTES: lambda _policy: _(
        "Meetings that run keep the time they started with. The next ones are shorter."
    ),
    LimitName.GROUP_SIZE: lambda _policy: _(
        "Meetings that run keep the size they started with. The next ones have fewer places."
    ),
    LimitName.ROOMS: lambda _policy: _(
        "Nothing is deleted. The rooms used last stay open; the others become read-only: they can be looked at, "
        "exported and deleted, not started."
    ),
    LimitName.AT_ONCE: lambda _policy: _(
        "Meetings that run go on to their end. No further one starts meanwhile."
    ),
    LimitName.STORAGE_BYTES: _storage,
    LimitName.RECORDING_DAYS: _older,
    LimitName.LARGE_SESSIONS_PER_MONTH: lambda _policy: _(
        "Large sessions that were held or run stay. No further one starts this month."
    ),
    LimitName.LARGE_SESSION_PEOPLE: lambda _policy: _(
        "Large sessions that run keep the size they started with. The next ones have fewer places."
    ),
}
