"""What the pages of recordings show: rows, one recording, a holder's storage."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from fastapi import Request
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app import clock, wording
from app.i18n import gettext as _
from app.i18n import ngettext as _n
from app.meetings.queries import Use, use_of
from app.memberships.limits import Standing, offers
from app.memberships.models import PolicyRow
from app.memberships.refusal_words import amount
from app.memberships.storage_notice import storage_notice
from app.recordings import words
from app.recordings.access import Way, playable
from app.recordings.models import RecordingState
from app.recordings.queries import Held, is_being_deleted
from app.recordings.service import TRASH
from app.web.pages import address_of, path_of
from quotas.limits import LimitName, tiers_with_more
from quotas.meters import Level, Meter, storage_meter
from quotas.storage import headroom, recordable_minutes


async def removal_policy(session: AsyncSession) -> str:
    """What becomes of a recording whose time is over: `Removal`."""
    return await session.scalar(select(PolicyRow.recording_removal)) or ""


class Line(NamedTuple):
    """One line of the list. A page has a hundred: templates read a tuple's names twice as fast as a dict's."""

    key: str
    name: str
    room: str | None
    host: str | None
    url: str
    at: datetime
    length: str
    size: str
    look: str
    state: str
    why: str | None
    seen_by: str
    kept: str
    goes_at: datetime | None
    play: str | None


def row_of(request: Request, found: Any, removal: str, *, own_name: str) -> Line:
    """One line of the list."""
    look, state, why = words.state_of(found)
    formats = playable(found, Way.MANAGES)
    return Line(
        key=found.key,
        name=found.name,
        room=found.room_name,
        host=None if found.host_name in {None, own_name} else found.host_name,
        url=address_of(request, "recordings.show", key=found.key),
        at=found.recorded_at,
        length=words.length_of(found),
        size=words.size_of(found),
        look=look,
        state=state,
        why=why,
        seen_by=str(words.VISIBILITIES[found.visibility][0]),
        kept=words.kept_until(found, removal),
        goes_at=goes_at(found),
        play=path_of(request, "recordings.play", key=found.key, kind=formats[0].type) if formats else None,
    )


def goes_at(found: Any) -> datetime | None:
    """When a recording in the trash is deleted for good; None: not in the trash, or as soon as BBB is told."""
    if found.trashed_at is None or is_being_deleted(found):
        return None
    at: datetime = found.trashed_at + TRASH
    return at


def facts_of(request: Request, found: Any, way: Way) -> dict[str, Any]:
    """What everyone who may see a recording is shown of it. No address of BBB's: the player's is ours."""
    return {
        "key": found.key,
        "name": found.name,
        "by": found.room_name or found.holder_name or found.host_name or "",
        # A room's address is a key to it: who was given the recording was not given the room.
        "room_slug": found.room_slug if way is Way.MANAGES or found.hosts_room else None,
        "at": found.recorded_at,
        "length": words.length_of(found),
        "is_made": found.state != RecordingState.PROCESSING,
        "formats": [
            {
                "type": one.type,
                "name": words.format_name(one.type),
                "size": wording.size(one.size) if one.size else None,
                "hidden": one.hidden or not one.is_public,
                "is_file": one.is_file,
                "href": path_of(request, "recordings.play", key=found.key, kind=one.type),
            }
            for one in playable(found, way)
        ],
    }


def host_facts_of(request: Request, found: Any, standing: Standing, removal: str) -> dict[str, Any]:
    """What those who manage it see besides."""
    look, state, why = words.state_of(found)
    return {
        "url": address_of(request, "recordings.show", key=found.key),
        "holder": found.holder_name,
        "host": found.host_name,
        "look": look,
        "state": state,
        "why": why,
        "size": words.size_of(found),
        "bytes": found.bytes,
        "estimated": found.estimated,
        "may_publish": found.expired_at is not None
        and not (found.kept_until and found.kept_until <= clock.now()),
        "is_gone": found.state == RecordingState.GONE,
        "seen_by": str(words.VISIBILITIES[found.visibility][0]),
        "visibility": found.visibility,
        "has_code": bool(found.access_code),
        "kept": words.kept_until(found, removal) or _("Kept until you delete it."),
        "goes_at": goes_at(found),
        "is_trashed": found.trashed_at is not None,
        "is_being_deleted": is_being_deleted(found),
        "waits_for_server": found.failing_since is not None,
        "longest_days": standing.limits.recording_days,
        "formats": [
            {"type": one.type, "name": words.format_name(one.type), "hidden": one.hidden}
            for one in found.formats
            if one.is_public
        ],
    }


async def storage_of(
    session: AsyncSession, standing: Standing, held: Held, removal: str, over_since: datetime | None
) -> dict[str, Any]:
    """A holder's storage in words: the meter, what of it is kept free, in the trash, estimated; who has more."""
    use = await use_of(session, standing.holder_id)
    meter = storage_meter(
        standing.limits, standing.policy, stored_bytes=use.stored_bytes, reserved_bytes=use.reserved_bytes
    )
    is_off = standing.limits.storage_bytes == 0
    return {
        "sentence": _sentence(meter, standing, use),
        "share": _share(meter),
        "notice": storage_notice(standing, removal, stored_bytes=use.stored_bytes, over_since=over_since),
        "notes": _notes(standing, use, held),
        "trashed": _trashed(held),
        "is_off": is_off,
        "tier": _(standing.tier_name),
        "tiers": await _tiers_with_storage(session, standing) if is_off else [],
    }


def _sentence(meter: Meter, standing: Standing, use: Use) -> str:
    if meter.limit is None:
        return _("%(used)s stored. No limit.", used=wording.size(use.stored_bytes))
    if meter.limit == 0:
        return _(
            "%(used)s stored. The tier “%(tier)s” has no space for recordings.",
            used=wording.size(use.stored_bytes),
            tier=_(standing.tier_name),
        )
    free = headroom(meter.limit, use.stored_bytes, use.reserved_bytes)
    minutes = recordable_minutes(free, standing.policy)
    figures = {"used": wording.size(use.stored_bytes), "whole": wording.size(meter.limit)}
    if not minutes:
        return _("%(used)s of %(whole)s stored. Nothing more can be recorded.", **figures)
    return _(
        "%(used)s of %(whole)s stored. About %(left)s of recording left.",
        **figures,
        left=wording.minutes(minutes),
    )


def _share(meter: Meter) -> int | None:
    """Percent used; None where there is no limit, or nothing to use."""
    if meter.limit is None or meter.level is Level.OFF:
        return None
    percent = round(meter.fraction * 100)
    return max(100, percent) if meter.level is Level.FULL else min(99, percent)


def _notes(standing: Standing, use: Use, held: Held) -> list[str]:
    """What else there is to know about the figure, a sentence each."""
    said = []
    free = recordable_minutes(
        headroom(standing.limits.storage_bytes, use.stored_bytes, use.reserved_bytes), standing.policy
    )
    if free and free < standing.policy.recording_least_minutes:
        least = wording.minutes(standing.policy.recording_least_minutes)
        said.append(_("A meeting is recorded only if %(least)s fit.", least=least))
    if use.reserved_bytes:
        said.append(
            _(
                "%(length)s (%(size)s) is kept free for meetings that are being recorded.",
                length=wording.minutes(recordable_minutes(use.reserved_bytes, standing.policy) or 0),
                size=wording.size(use.reserved_bytes),
            )
        )
    if held.estimated:
        said.append(
            _n(
                "The size of one recording is estimated until the meeting server tells it.",
                "The sizes of %(num)s recordings are estimated until the meeting server tells them.",
                held.estimated,
            )
        )
    return said


def _trashed(held: Held) -> str | None:
    """What of the figure is in the trash; None: nothing."""
    if not held.trashed_bytes:
        return None
    return _(
        "%(size)s of it is in the trash: free in a few days, or now if you delete it there.",
        size=wording.size(held.trashed_bytes),
    )


async def _tiers_with_storage(session: AsyncSession, standing: Standing) -> list[tuple[str, str]]:
    """Which tiers have space for recordings, and how one gets them."""
    known = await offers(session)
    limits: Mapping[str, Any] = {key: offered for key, (_tier, offered) in known.items()}
    name = LimitName.STORAGE_BYTES
    return [
        (_(known[key][0].name), f"{amount(name, limits[key].of(name))} {_(known[key][0].how_to_get)}")
        for key in tiers_with_more(name, standing.limits, limits)
    ]
