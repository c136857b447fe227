"""What the calls for an organisation's hosts take and answer."""

from datetime import datetime
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field

from app.api.answers import Listed
from app.api.bodies import Body, without_defaults
from app.i18n import marked as _
from app.organisations.address_list import MOST
from app.organisations.hosts import Host as Found
from app.organisations.invitation_report import Outcome
from app.organisations.models import HostRole
from app.organisations.schemas import MOST_BYTES, Id


class Host(BaseModel):
    """Someone who hosts for an organisation, with what they use of it."""

    id: int = Field(description=_("The number of the person. It never changes."))
    name: str = Field(description=_("Their name, as others see it in a meeting."))
    email: str = Field(description=_("Their e-mail address."))
    role: HostRole = Field(description=_("A host makes rooms; an admin also manages the organisation."))
    suspended: bool = Field(description=_("Whether they may not act for it at the moment."))
    since: datetime = Field(description=_("Since when they host for it."))
    last_used_at: datetime | None = Field(description=_("When a room of theirs was last used; null: never."))
    rooms: int = Field(description=_("How many of its rooms they host."))
    meetings_this_month: int = Field(description=_("How many meetings their rooms had this month."))
    people_most: int = Field(description=_("How many people were in one of them at one time at most."))
    stored_bytes: int = Field(description=_("Bytes of their recordings."))
    share_bytes: int | None = Field(
        description=_("Their share of the space for recordings; null: as much as there is.")
    )
    share_is_given: bool = Field(
        description=_("Whether an admin has given this share; else it is what the tier says.")
    )

    @classmethod
    def of(cls, found: Found) -> Self:
        """From a host of the list."""
        row: Any = found.row
        names = ("name", "email", "last_used_at", "rooms", "stored_bytes")
        return cls(
            id=row.user_id,
            role=HostRole(row.role),
            suspended=row.suspended_at is not None,
            since=row.joined_at,
            meetings_this_month=row.meetings,
            people_most=row.peak,
            share_bytes=found.share,
            share_is_given=row.storage_share is not None,
            **{name: getattr(row, name) for name in names},
        )


class Hosts(Listed):
    """One page of an organisation's hosts."""

    items: list[Host] = Field(description=_("The hosts of this page."))


class Invitation(BaseModel):
    """What became of one address."""

    email: str = Field(description=_("The address as it was sent."))
    outcome: Outcome = Field(
        description=_(
            "Hosts: they do already. Open: they are invited already. Twice: it stands above. Often: they were "
            "invited three times since yesterday. No_seat: the membership has no seat left."
        )
    )


class Invited(BaseModel):
    """What became of a list of addresses."""

    sent: bool = Field(description=_("Whether invitations were sent."))
    items: list[Invitation] = Field(description=_("Each address, in the order they were sent."))


class OpenInvitation(BaseModel):
    """An invitation that nobody has accepted or withdrawn."""

    id: int = Field(description=_("The number of the invitation. It never changes."))
    email: str = Field(description=_("Whom it was sent to."))
    role: HostRole = Field(description=_("What they may do once they accept."))
    invited_at: datetime = Field(description=_("When it was sent first."))
    sent_at: datetime = Field(description=_("When it was sent last."))
    expires_at: datetime = Field(description=_("Until when its link holds."))
    holds: bool = Field(
        description=_(
            "Whether its link works: false once it has run out, or who sent it is no admin any more. It can be sent "
            "again."
        )
    )

    @classmethod
    def of(cls, row: Any) -> Self:
        """From a row of the list."""
        found = row.Invitation
        names = ("id", "email", "sent_at", "expires_at")
        return cls(
            role=HostRole(found.role),
            invited_at=found.created_at,
            holds=row.holds,
            **{name: getattr(found, name) for name in names},
        )


class OpenInvitations(Listed):
    """One page of an organisation's open invitations."""

    items: list[OpenInvitation] = Field(description=_("The invitations of this page."))


class NewHosts(Body):
    """Who is to be invited."""

    emails: Annotated[list[Annotated[str, Field(max_length=300)]], Field(min_length=1, max_length=MOST)] = (
        Field(description=_("E-mail addresses, at most 1000."))
    )
    role: HostRole = Field(HostRole.HOST, description=_("What they may do once they accept."))
    check_only: bool = Field(
        False, description=_("Whether to say only what would become of each; nothing is sent.")
    )


class HostChange(Body):
    """What is sent is changed, the rest stays."""

    model_config = ConfigDict(json_schema_extra=without_defaults)

    role: HostRole = Field(HostRole.HOST, description=_("What they may do."))
    suspended: bool = Field(
        False, description=_("Whether they may not act for it. Seat, rooms and recordings stay theirs.")
    )
    share_bytes: Annotated[int, Field(ge=0, le=MOST_BYTES)] | None = Field(
        None, description=_("Their share of the space for recordings; null: what the tier says.")
    )
    share_from: Id | None = Field(
        None,
        description=_(
            "With share_bytes: the host whose share gets smaller by as much as this one gets larger; null: it comes "
            "from what is left to give."
        ),
    )
    below_use: bool = Field(False, description=_("With share_bytes: give it although more is used already."))
