"""What bbb-webhooks tells: the body of a delivery, read into events (BBB_API.md section 4.4).

Check a delivery with `callbacks.check_webhook` first. The order of events means nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Self
from urllib.parse import parse_qs

from bbb_client.elements import number_of
from bbb_client.errors import Malformed
from bbb_client.json_values import flag_in, object_in, objects, read, text_in, unix_moment
from bbb_client.vocabulary import Role, word

FIELD_LIMIT = 20
"""Form fields of a delivery; there are three."""


@dataclass(frozen=True, slots=True)
class EventUser:
    """Whom an event is about; `external_id` is the user id given when joining."""

    internal_id: str
    external_id: str
    name: str
    role: Role | str
    presenter: bool
    guest: bool

    @classmethod
    def read(cls, user: Mapping[str, Any]) -> Self:
        """Read the `user` of an event."""
        return cls(
            internal_id=text_in(user, "internal-user-id"),
            external_id=text_in(user, "external-user-id"),
            name=text_in(user, "name"),
            role=word(Role, text_in(user, "role")),
            presenter=flag_in(user, "presenter"),
            guest=flag_in(user, "guest"),
        )


@dataclass(frozen=True, slots=True)
class WebhookEvent:
    """One event. `id` is its kind ("user-joined"); "" for a raw message, of which only `raw` is set.

    External meeting ids are missing where the service had not seen the meeting's creation. `attributes` is all
    there is about it, `raw` the whole object: they may carry passwords, and are kept out of the repr.
    """

    id: str
    at: datetime | None
    meeting_id: str
    internal_meeting_id: str
    record_id: str
    user: EventUser | None
    attributes: Mapping[str, Any] = field(repr=False)
    raw: Mapping[str, Any] = field(repr=False)

    @classmethod
    def read(cls, raw: Mapping[str, Any]) -> Self:
        """Read one object of the delivery."""
        data = object_in(raw, "data")
        attributes = object_in(data, "attributes")
        meeting, user = object_in(attributes, "meeting"), object_in(attributes, "user")
        return cls(
            id=text_in(data, "id"),
            at=unix_moment(object_in(data, "event").get("ts")),
            meeting_id=text_in(meeting, "external-meeting-id"),
            internal_meeting_id=text_in(meeting, "internal-meeting-id"),
            record_id=text_in(attributes, "record-id"),
            user=EventUser.read(user) if user else None,
            attributes=attributes,
            raw=raw,
        )


@dataclass(frozen=True, slots=True)
class WebhookDelivery:
    """What one POST brought: the server's domain, when it was sent, and one or more events."""

    domain: str
    sent_at: datetime | None
    events: tuple[WebhookEvent, ...]


def webhook_delivery(raw_body: bytes) -> WebhookDelivery:
    """Read the url-encoded body of a delivery; raises Malformed. `event` is a list, in old versions an object."""
    try:
        form = parse_qs(raw_body.decode(), max_num_fields=FIELD_LIMIT)
    except ValueError:
        raise Malformed("not a form") from None
    event = read(form.get("event", [""])[0])
    found = [event] if isinstance(event, dict) else objects(event)
    if not found:
        raise Malformed("there is no event")
    return WebhookDelivery(
        domain=form.get("domain", [""])[0],
        sent_at=unix_moment(number_of(form.get("timestamp", [""])[0])),
        events=tuple(map(WebhookEvent.read, found)),
    )
