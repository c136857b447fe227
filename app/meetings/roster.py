"""What one server lists at one moment, by meeting: which of several doubles counts, and what is unreadable."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Row

from bbb_client.elements import Unread
from bbb_client.responses import MeetingInfo, MeetingList


class Roster:
    """One answer to getMeetings."""

    def __init__(self, listed: MeetingList) -> None:
        self._entries: Mapping[str, list[MeetingInfo]] = defaultdict(list)
        for info in listed.meetings:
            self._entries[info.meeting_id].append(info)
        self._unread = listed.unread

    def __contains__(self, external_id: str) -> bool:
        """Whether there is anything of this meeting that can be read, dead or alive."""
        return external_id in self._entries

    def __bool__(self) -> bool:
        return bool(self._entries or self._unread)

    @property
    def ids(self) -> Sequence[str]:
        """The ids of all meetings that can be read."""
        return list(self._entries)

    @property
    def unread(self) -> int:
        """How many meetings cannot be read."""
        return len(self._unread)

    def entry_of(self, meeting: Row[Any]) -> MeetingInfo | None:
        """The entry of a meeting, of doubles the one with our createTime, else one that runs (BBB_API.md 5).

        `meeting` has `external_id` and `create_time`; without the latter nobody knows yet which one is ours.
        """
        entries = self._entries.get(meeting.external_id, [])
        return max(entries, key=lambda info: _rank(info, meeting.create_time), default=None)

    def living(self, meeting: Row[Any]) -> MeetingInfo | None:
        """The same, if that meeting has not ended."""
        info = self.entry_of(meeting)
        return None if info is None or info.has_been_forcibly_ended else info

    def is_unreadable(self, meeting: Row[Any]) -> bool:
        """Whether it may be what cannot be read: then it is neither here nor gone."""
        return any(item.is_of(meeting.external_id) for item in self._unread)

    def tells_of_the_end(self, meeting: Row[Any]) -> bool:
        """Whether the list has it as ended: it, and no double that another node made."""
        info = self.entry_of(meeting)
        return info is not None and info.has_been_forcibly_ended and is_ours(info, meeting.create_time)


def is_ours(info: MeetingInfo, create_time: int | None) -> bool:
    """Whether an entry is of the meeting that was made at this createTime (BBB's milliseconds)."""
    return create_time is None or info.create_time == create_time


def _rank(info: MeetingInfo, create_time: int | None) -> tuple[bool, bool, bool, int]:
    lives = not info.has_been_forcibly_ended
    ours = create_time is not None and info.create_time == create_time
    return ours, lives, lives and info.running, info.create_time


def unreadable_ids(unread: Sequence[Unread]) -> list[str]:
    """What the unreadable ones say of themselves, for a log line."""
    return [item.meeting_id or item.internal_meeting_id or item.record_id or "?" for item in unread]
