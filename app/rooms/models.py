"""Rooms and their addresses."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, WithId


class WhoMayStart(StrEnum):
    """Who may start the room's meetings; its hosts always may."""

    HOSTS = "hosts"
    SIGNED_IN = "signed_in"
    ANYONE = "anyone"


class Visibility(StrEnum):
    """Who may see a recording, from nobody to everybody."""

    NOBODY = "nobody"
    HOSTS = "hosts"
    SIGNED_IN = "signed_in"
    CODE = "code"
    LINK = "link"
    PUBLIC = "public"


class Room(WithId, Base):
    """A durable room. Its meetings and recordings are charged to its holder, whoever clicks."""

    __tablename__ = "rooms"
    __table_args__ = (
        # The dashboard's order: the newest used first, within a holder.
        Index("ix_rooms_holder_id_last_used_at", "holder_id", text("last_used_at DESC"), text("id DESC")),
        # The operator's list of all rooms, in the same order.
        Index("ix_rooms_last_used_at", text("last_used_at DESC"), text("id DESC")),
    )

    holder_id: Mapped[int] = mapped_column(ForeignKey("holders.id"))
    host_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)  # whose room it is
    name: Mapped[str]
    description: Mapped[str]
    slug: Mapped[str] = mapped_column(unique=True)
    access_code: Mapped[str]  # empty: none. Shown to its hosts, who pass it on
    lobby: Mapped[bool]
    who_may_start: Mapped[str]  # WhoMayStart
    record: Mapped[bool]  # whether its meetings are meant to be recorded
    # What a new recording begins with; its host can change it for each.
    recording_visibility: Mapped[str] = mapped_column(
        server_default=Visibility.HOSTS, default=Visibility.HOSTS
    )
    recording_days: Mapped[int | None]  # empty: as long as the tier keeps them
    created_at: Mapped[datetime]
    last_used_at: Mapped[datetime]
    # Of a room that its holder had deleted just before: deleting one buys no new hour.
    inherited_sitting: Mapped[str | None]
    # An operator has closed this one room: its meetings cannot be started or joined, and its hosts read why.
    closed_at: Mapped[datetime | None]
    closed_reason: Mapped[str] = mapped_column(server_default="", default="")
    code_guessed_at: Mapped[datetime | None]  # when more wrong codes than people mistype were last typed


class RoomAddress(Base):
    """Every address that ever led to a room. It is never given to someone else: links to it are around."""

    __tablename__ = "room_addresses"

    slug: Mapped[str] = mapped_column(primary_key=True)
    room_id: Mapped[int | None] = mapped_column(ForeignKey("rooms.id", ondelete="SET NULL"), index=True)
    holder_id: Mapped[int | None] = mapped_column(ForeignKey("holders.id", ondelete="SET NULL"), index=True)
    created_at: Mapped[datetime]
