"""What the calls about recordings answer. Sizes are bytes, lengths whole minutes."""

from datetime import datetime
from typing import Any, Self

from fastapi import Request
from pydantic import BaseModel, Field

from app.api.answers import Holder, Listed
from app.i18n import marked as _
from app.recordings.access import Format, Way, playable
from app.recordings.models import RecordingState
from app.recordings.page_parts import goes_at
from app.recordings.playback import has_key
from app.rooms.models import Visibility
from app.web.pages import address_of


class RecordingFormat(BaseModel):
    """One form of a recording."""

    type: str = Field(
        description=_("What it is: presentation, video, podcast, or another word of the server’s.")
    )
    url: str | None = Field(
        description=_(
            "Where the meeting server plays it: keep it out of logs and mails. Of a protected recording, whose "
            "addresses work once, it is a link here that asks for a new one. Null as long as nobody may play it."
        )
    )
    bytes: int | None = Field(description=_("Its size; null if the meeting server does not tell it."))
    minutes: int = Field(description=_("Its length in whole minutes."))
    hidden: bool = Field(description=_("Whether only its hosts may see it."))


class Recording(BaseModel):
    """A recording that you manage: yours, or of an organisation whose admin you are."""

    key: str = Field(description=_("The last part of its link. It never changes."))
    url: str = Field(description=_("The link to send to people."))
    name: str = Field(description=_("The recording’s name."))
    room: str | None = Field(description=_("The slug of its room; null if the room was deleted."))
    holder: Holder = Field(description=_("Whose storage it counts on."))
    state: RecordingState = Field(
        description=_("Processing: being made. Gone: the meeting server no longer has it.")
    )
    visibility: Visibility = Field(description=_("Who may see it."))
    minutes: int = Field(description=_("Its length in whole minutes."))
    bytes: int = Field(description=_("What it counts on the storage; 0 when it is gone."))
    estimated: bool = Field(
        description=_("Whether the bytes are estimated until the meeting server tells them.")
    )
    recorded_at: datetime = Field(description=_("When its meeting started."))
    keep_days: int | None = Field(
        description=_("How many days it is kept by choice; null: as long as the tier keeps it.")
    )
    kept_until: datetime | None = Field(
        description=_("When it is unpublished or deleted, as the operator has chosen; null: never.")
    )
    expired_at: datetime | None = Field(
        description=_("When it was unpublished because its time or its space was over; else null.")
    )
    trashed_at: datetime | None = Field(
        description=_("When it was moved to the trash; null: it is not there.")
    )
    deleted_at: datetime | None = Field(
        description=_("When it leaves the trash for good; null: it is not there, or leaves now.")
    )
    formats: list[RecordingFormat] = Field(description=_("What there is of it."))

    @classmethod
    def of(cls, request: Request, found: Any) -> Self:
        """From a row of `app.recordings.queries`, for those who manage it."""
        open_now = {one.type for one in playable(found, Way.MANAGES)}
        return cls(
            url=address_of(request, "recordings.show", key=found.key),
            room=found.room_slug,
            holder=Holder(id=found.holder_id, name=found.holder_name),
            deleted_at=goes_at(found),
            formats=[
                RecordingFormat(
                    type=one.type,
                    url=_address(request, found, one) if one.type in open_now else None,
                    bytes=one.size,
                    minutes=one.minutes,
                    hidden=one.hidden or not one.is_public,
                )
                for one in found.formats
            ],
            **{name: getattr(found, name) for name in _SAME},
        )


_SAME = (
    *("key", "name", "state", "visibility", "minutes", "bytes", "estimated", "recorded_at"),
    *("keep_days", "kept_until", "expired_at", "trashed_at"),
)


def _address(request: Request, found: Any, one: Format) -> str:
    if found.protected or has_key(one.url):
        return address_of(request, "recordings.play", key=found.key, kind=one.type)
    return one.url


class Recordings(Listed):
    """One page of recordings, the newest first."""

    items: list[Recording] = Field(description=_("The recordings of this page."))
