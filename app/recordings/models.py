"""Recordings and their formats, as rows of our own: BBB is asked in the background only."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, WithId
from app.rooms.models import Visibility


class RecordingState(StrEnum):
    """How far BBB is with it; *gone* is what BBB no longer has, or says is deleted."""

    PROCESSING = "processing"
    PUBLISHED = "published"
    UNPUBLISHED = "unpublished"
    GONE = "gone"


class Wanted(StrEnum):
    """What BBB is still to be told of a recording."""

    PUBLISHED = "published"
    UNPUBLISHED = "unpublished"
    DELETED = "deleted"


class Recording(WithId, Base):
    """A recording on a BBB server; its bytes are charged to its holder as long as BBB has it."""

    __tablename__ = "recordings"
    __table_args__ = (
        # The host's page, newest first; a holder's sum.
        Index("ix_recordings_holder_id_recorded_at", "holder_id", text("recorded_at DESC"), text("id DESC")),
        Index("ix_recordings_room_id", "room_id"),
        # What a room's page lists, or that there is none: every visitor's page asks (`meetings.queries`).
        Index(
            "ix_recordings_public",
            "room_id",
            text("recorded_at DESC"),
            postgresql_where=text("visibility = 'public'"),
        ),
        Index("ix_recordings_meeting_id", "meeting_id"),
        Index("ix_recordings_host_id", "host_id"),
        # The rounds: what is read again next, what BBB is to be told, what ends, what leaves the trash.
        Index("ix_recordings_server_id_check_at", "server_id", "check_at"),
        Index("ix_recordings_wanted", "server_id", "id", postgresql_where=text("wanted IS NOT NULL")),
        Index("ix_recordings_kept_until", "kept_until", postgresql_where=text("kept_until IS NOT NULL")),
        Index("ix_recordings_trashed_at", "trashed_at", postgresql_where=text("trashed_at IS NOT NULL")),
    )

    record_id: Mapped[str] = mapped_column(unique=True)  # BBB's recordID
    key: Mapped[str] = mapped_column(unique=True)  # in its address here; never guessed
    server_id: Mapped[int] = mapped_column(ForeignKey("servers.id"))
    holder_id: Mapped[int] = mapped_column(ForeignKey("holders.id"))
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meetings.id"))
    room_id: Mapped[int | None] = mapped_column(ForeignKey("rooms.id", ondelete="SET NULL"))
    host_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))  # whose it is
    name: Mapped[str]
    state: Mapped[str]  # RecordingState
    visibility: Mapped[str] = mapped_column(default=Visibility.HOSTS)
    bytes: Mapped[int] = mapped_column(default=0)  # what is charged for it; 0 when gone
    estimated: Mapped[bool]  # until BBB tells the size of every format
    minutes: Mapped[int] = mapped_column(default=0)  # length, whole minutes
    # A balancer makes its addresses for one visitor and a short time: asked for when somebody plays it.
    protected: Mapped[bool] = mapped_column(server_default=text("false"), default=False)
    recorded_at: Mapped[datetime]  # when its meeting started, by our clock
    created_at: Mapped[datetime]
    check_at: Mapped[datetime]  # when BBB is asked for it next
    seen_at: Mapped[datetime]  # when BBB last told of it
    gone_at: Mapped[datetime | None]
    trashed_at: Mapped[datetime | None]
    wanted: Mapped[str | None]  # Wanted
    # How long it is kept: the host's choice in days, what follows from it and the tier, and who was told.
    keep_days: Mapped[int | None]  # empty: as long as the tier keeps it
    kept_until: Mapped[datetime | None]  # empty: for ever
    first_warned_at: Mapped[datetime | None]  # when the warning of 14 days before was sent
    last_warned_at: Mapped[datetime | None]  # when the warning of 3 days before was sent
    expired_at: Mapped[datetime | None]  # unpublished because its time was over


class RecordingFormat(Base):
    """One form of a recording: a presentation, a video, a sound file."""

    __tablename__ = "recording_formats"

    recording_id: Mapped[int] = mapped_column(
        ForeignKey("recordings.id", ondelete="CASCADE"), primary_key=True
    )
    type: Mapped[str] = mapped_column(primary_key=True)  # BBB's word: presentation, video, podcast, ...
    # Handed only to who may see it, and of a protected recording to nobody, which has no query here. Empty: BBB has
    # this format no longer, and what its host chose is kept.
    url: Mapped[str]
    size: Mapped[int | None]  # bytes, as BBB says; empty or 0 where it does not know
    minutes: Mapped[int] = mapped_column(default=0)
    hidden: Mapped[bool] = mapped_column(default=False)
