"""Meetings, who was sent into them, and who agreed to be recorded."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, WithId

# In a statement with rooms r and their hosts, users u: since when a room is closed. By itself, or as its host's own
# with a banned host. An organisation's rooms stay open: its admins look after them.
CLOSED = "coalesce(r.closed_at, CASE WHEN u.holder_id = r.holder_id THEN u.banned_at END)"


class MeetingState(StrEnum):
    """From the reservation to the end. *Unknown* is no state: it is a server that does not answer."""

    STARTING = "starting"
    RUNNING = "running"
    ENDED = "ended"
    FAILED = "failed"


# How the external ids of this site's meetings begin: a server may have others' too.
OURS = "gh-"
UNFINISHED = (MeetingState.STARTING, MeetingState.RUNNING)


class EndReason(StrEnum):
    """Why a meeting ended, as far as it can be known."""

    TIME_UP = "time_up"
    BY_HOST = "by_host"
    BY_OPERATOR = "by_operator"
    BANNED = "banned"
    NOBODY_CAME = "nobody_came"
    EVERYONE_LEFT = "everyone_left"
    ROOM_DELETED = "room_deleted"
    GONE = "gone"


class Meeting(WithId, Base):
    """A room's meeting, with the terms it was granted: they are kept whatever changes later."""

    __tablename__ = "meetings"
    __table_args__ = (
        # At most one unfinished meeting a room: what two simultaneous starts run into.
        Index(
            "uq_meetings_unfinished_room_id",
            "room_id",
            unique=True,
            postgresql_where=text("state IN ('starting', 'running')"),
        ),
        # The holder's meetings at once, and the follow-up round of a server.
        Index(
            "ix_meetings_unfinished_holder_id",
            "holder_id",
            postgresql_where=text("state IN ('starting', 'running')"),
        ),
        Index(
            "ix_meetings_unfinished_server_id",
            "server_id",
            postgresql_where=text("state IN ('starting', 'running')"),
        ),
        # The room's last meeting and the spans of its sitting.
        Index("ix_meetings_room_id_reserved_at", "room_id", text("reserved_at DESC")),
        Index("ix_meetings_sitting_id", "sitting_id"),
        # The operator's lists: a holder's meetings, the newest first, and those of a day.
        Index("ix_meetings_holder_id_id", "holder_id", text("id DESC")),
        Index("ix_meetings_reserved_at", "reserved_at"),
        # What running and just ended meetings still keep free of the holder's storage.
        Index("ix_meetings_reserving_holder_id", "holder_id", postgresql_where=text("reserved_bytes > 0")),
        # The month's large sessions.
        Index(
            "ix_meetings_large_holder_id_reserved_at",
            "holder_id",
            "reserved_at",
            postgresql_where=text("large_session"),
        ),
        # Whose recordings are asked for next.
        Index(
            "ix_meetings_server_id_recordings_due_at",
            "server_id",
            "recordings_due_at",
            postgresql_where=text("recordings_due_at IS NOT NULL"),
        ),
    )

    room_id: Mapped[int | None] = mapped_column(ForeignKey("rooms.id", ondelete="SET NULL"))
    holder_id: Mapped[int] = mapped_column(ForeignKey("holders.id"))
    server_id: Mapped[int] = mapped_column(ForeignKey("servers.id"))
    started_by: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    name: Mapped[str]
    external_id: Mapped[str] = mapped_column(unique=True)  # BBB's meetingID; never guessed
    callback_token: Mapped[str]  # what the end callback must bring
    state: Mapped[str]  # MeetingState
    sitting_id: Mapped[str]  # the external id of the sitting's first meeting
    tier: Mapped[str]  # the key of the tier that the terms came from
    minutes: Mapped[int | None]  # granted length
    people: Mapped[int | None]  # granted group size
    recorded: Mapped[bool]
    reserved_bytes: Mapped[int] = mapped_column(default=0)
    reserved_at: Mapped[datetime]
    started_at: Mapped[datetime | None]  # when BBB created it: the minutes count from here
    create_time: Mapped[int | None]  # the same in BBB's own milliseconds, for join URLs
    ended_at: Mapped[datetime | None]
    end_reason: Mapped[str | None]  # EndReason
    end_asked: Mapped[str | None]  # EndReason that we asked BBB to end it for
    people_now: Mapped[int] = mapped_column(default=0)
    peak_people: Mapped[int] = mapped_column(default=0)
    # Above the holder's group size: one of the month's large sessions is used for it.
    large_session: Mapped[bool] = mapped_column(server_default=text("false"), default=False)
    missing_since: Mapped[datetime | None]  # the server answers, and does not list it
    unknown_since: Mapped[datetime | None]  # the server lists it, and what it says of it cannot be read
    told_minutes: Mapped[int | None]  # the last warning in its chat: so many minutes before the end
    # Attendance as figures: the sum of everyone's seconds, counted up to `counted_at`.
    person_seconds: Mapped[int] = mapped_column(server_default="0", default=0)
    counted_at: Mapped[datetime | None]
    exact_figures: Mapped[bool] = mapped_column(
        server_default=text("false"), default=False
    )  # BBB's own, not the rounds'
    recordings_due_at: Mapped[datetime | None]  # when BBB is asked for its recordings next


class AttendanceFigure(Base):
    """People at once in one minute of a meeting: what is kept of attendance, without names."""

    __tablename__ = "attendance_figures"

    meeting_id: Mapped[int] = mapped_column(ForeignKey("meetings.id", ondelete="CASCADE"), primary_key=True)
    minute: Mapped[int] = mapped_column(primary_key=True)  # from the meeting's start, the first is 0
    people: Mapped[int]


class Attendance(Base):
    """A participant who was sent into a running meeting: a ticket first, then as present as BBB says.

    The rows go when the meeting ends: what is kept of it are figures without names.
    """

    __tablename__ = "attendances"

    meeting_id: Mapped[int] = mapped_column(ForeignKey("meetings.id", ondelete="CASCADE"), primary_key=True)
    participant: Mapped[str] = mapped_column(primary_key=True)  # BBB's userID
    name: Mapped[str]
    is_host: Mapped[bool]
    sent_at: Mapped[datetime]
    present: Mapped[bool] = mapped_column(default=False)
    seen_at: Mapped[datetime | None]
    network: Mapped[str | None]  # a keyed hash of where a guest came from, another one in every room


class Consent(WithId, Base):
    """Someone agreed to be recorded, under the name they gave, before joining."""

    __tablename__ = "consents"

    meeting_id: Mapped[int] = mapped_column(ForeignKey("meetings.id", ondelete="CASCADE"), index=True)
    participant: Mapped[str]
    name: Mapped[str]
    language: Mapped[str]
    agreed_at: Mapped[datetime]
