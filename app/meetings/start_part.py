"""What a host is told and asked before starting: refused or not, how much can be recorded, a large session."""

from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from app import clock, wording
from app.i18n import gettext as _
from app.i18n import ngettext as _n
from app.meetings.deciding import fitting_minutes, refused_now, space_for
from app.meetings.situation import Situation, situation_of
from app.memberships.limits import Standing
from app.memberships.refusals import Explanation
from quotas.limits import is_more
from quotas.sittings import minutes_left
from quotas.storage import warning_step


@dataclass(frozen=True)
class Recording:
    """What can be recorded: `sentence` says it; `fits` is the length to which recording cuts the meeting.

    `fits` is None if the whole meeting can be recorded, so there is nothing to choose. `make_room`: the holder whose
    recordings take the space that is lacking.
    """

    sentence: str
    is_possible: bool
    fits: int | None = None
    make_room: int | None = None


@dataclass(frozen=True)
class LargeSession:
    """A large session can be asked for: from `least` people to `most` (None: any number)."""

    least: int
    most: int | None
    sentence: str


@dataclass(frozen=True)
class StartPart:
    """The part of a room's page that starts its meeting."""

    refused: Explanation | None
    recording: Recording
    large_session: LargeSession | None


async def start_part(session: AsyncSession, standing: Standing, room_id: int) -> StartPart | None:
    """The same rule that enforces says what can be started; None if the room has just been deleted."""
    situation = await situation_of(session, standing, room_id)
    if situation is None:
        return None
    return StartPart(
        refused=await refused_now(session, standing, situation),
        recording=_recording(standing, situation),
        large_session=_large_session(standing, situation),
    )


def _recording(standing: Standing, situation: Situation) -> Recording:
    if standing.limits.storage_bytes == 0:
        return Recording(
            _("Recording is not part of the tier “%(tier)s”.", tier=_(standing.tier_name)), is_possible=False
        )
    fits = fitting_minutes(standing, situation)
    taken = standing.holder_id if situation.use.stored_bytes else None
    if fits == 0:
        return Recording(_lacking(standing, situation), is_possible=False, make_room=taken)
    whole = minutes_left(standing.limits.meeting_minutes, situation.sitting, standing.policy, clock.now())
    if not is_more(whole, fits):
        return Recording(_("There is space to record the whole meeting."), is_possible=True)
    if whole is None:
        sentence = _(
            "There is space for %(fits)s of recording. A recorded meeting ends then.",
            fits=wording.minutes(fits or 0),
        )
    else:
        sentence = _(
            "There is space for %(fits)s of recording. A recorded meeting ends then, one without recording "
            "after %(whole)s.",
            fits=wording.minutes(fits or 0),
            whole=wording.minutes(whole),
        )
    # Who has all day and space for a morning lacks none: the way to more is shown from the first warning on.
    is_short = warning_step(standing.limits.storage_bytes, situation.use.stored_bytes) > 0
    return Recording(sentence, is_possible=True, fits=fits, make_room=taken if is_short else None)


def _lacking(standing: Standing, situation: Situation) -> str:
    """Why nothing is recorded, as the page of recordings says what is left."""
    minutes, share = space_for(standing, situation)
    least = wording.minutes(standing.policy.recording_least_minutes)
    fits = wording.minutes(minutes)
    if share is None and not minutes:
        return _("The space for recordings is used up.")
    if share is None:
        return _(
            "There is space for %(fits)s of recording. A meeting is recorded only if %(least)s fit.",
            fits=fits,
            least=least,
        )
    if not minutes:
        return _("The share of %(host)s in the space for recordings is used up.", host=share.name)
    return _(
        "In the share of %(host)s there is space for %(fits)s of recording. A meeting is recorded only if "
        "%(least)s fit.",
        host=share.name,
        fits=fits,
        least=least,
    )


def _large_session(standing: Standing, situation: Situation) -> LargeSession | None:
    limits = standing.limits
    if limits.group_size is None or limits.large_sessions_per_month == 0:
        return None
    if not is_more(limits.large_session_people, limits.group_size):
        return None
    return LargeSession(
        least=limits.group_size + 1,
        most=limits.large_session_people,
        sentence=_large_words(limits.large_sessions_per_month, situation.large_sessions),
    )


def _large_words(per_month: int | None, used: int) -> str:
    if per_month is None:
        return _("As many a month as you need.")
    left = max(0, per_month - used)
    if not left:
        return _("This month’s are used up.")
    return _n("One is left this month.", "%(num)s are left this month.", left)
