"""An XML element and how values are read from it, as BigBlueButton writes them."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha1
from typing import TypeVar

Item = TypeVar("Item")

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_GROUPING = re.compile("[,'\\s\u2019]")
_NUMBER = re.compile(r"(-?[0-9]{1,18})(?:\.[0-9]*)?")


class Unreadable(ValueError):  # noqa: N818 - becomes CouldNotAsk or Malformed before it leaves the package
    """An answer or a callback lacks what it must have."""


def number_of(text: str) -> int | None:
    """Read a whole number; None if there is none. Thousands separators are dropped (section 2.6)."""
    found = _NUMBER.fullmatch(_GROUPING.sub("", text))
    return int(found[1]) if found else None


def moment_of(milliseconds: int | None) -> datetime | None:
    """Turn milliseconds since 1970 into an aware time; 0, negative and absurd values are None."""
    if milliseconds is None or milliseconds <= 0:
        return None
    try:
        return _EPOCH + timedelta(milliseconds=milliseconds)
    except OverflowError:
        return None


@dataclass(slots=True)
class Element:
    """An element; the readers below name a child, and treat an absent and an empty one alike (pitfall 13)."""

    name: str
    attributes: dict[str, str]
    children: list["Element"] = field(default_factory=list)
    text: str = ""

    def first(self, name: str) -> "Element | None":
        """Give the first child of that name."""
        return next((child for child in self.children if child.name == name), None)

    def all(self, *path: str) -> list["Element"]:
        """Give every element at a path of names: none, one or many come as a list."""
        found = [self]
        for name in path:
            found = [child for element in found for child in element.children if child.name == name]
        return found

    def string(self, name: str) -> str:
        """Give a child's text without spaces around it; "" if there is none."""
        child = self.first(name)
        return child.text.strip() if child else ""

    def number(self, name: str) -> int | None:
        """Give a child's whole number; None if there is none."""
        return number_of(self.string(name))

    def count(self, name: str) -> int:
        """Give how many a child says there are; 0 if it says nothing, or less than nothing."""
        return max(0, self.number(name) or 0)

    def flag(self, name: str) -> bool:
        """Tell whether a child says `true`, in any case."""
        return self.string(name).lower() == "true"

    def truth(self, name: str) -> bool | None:
        """Tell whether a child says `true` or `false`, in any case; None if it says neither."""
        return {"true": True, "false": False}.get(self.string(name).lower())

    def moment(self, name: str) -> datetime | None:
        """Give a child's milliseconds since 1970 as an aware time; None for none and for 0."""
        return moment_of(self.number(name))

    def mapping(self, name: str) -> dict[str, str]:
        """Give the names and texts of a child's children, as for metadata."""
        child = self.first(name)
        return {entry.name: entry.text.strip() for entry in child.children} if child else {}

    def listed(self, name: str, item: str, *, none: str) -> list["Element"]:
        """Give the items of a list that must be there, unless the messageKey `none` says that it is empty."""
        if self.first(name) is None and self.string("messageKey") != none:
            raise Unreadable(f"{name} is missing")
        return self.all(name, item)

    def must_string(self, name: str) -> str:
        """Give a child's text; raises Unreadable if there is none."""
        text = self.string(name)
        if not text:
            raise Unreadable(f"{name} is missing")
        return text

    def must_number(self, name: str) -> int:
        """Give a child's whole number; raises Unreadable if there is none."""
        number = self.number(name)
        if number is None:
            raise Unreadable(f"{name} is missing or is no number")
        return number


@dataclass(frozen=True, slots=True)
class Unread:
    """An item of a list that could not be read: whose it is, as far as it says; what it does not say is ""."""

    meeting_id: str
    internal_meeting_id: str
    record_id: str

    @classmethod
    def of(cls, element: Element) -> "Unread":
        """Take what is there of a `<meeting>` or a `<recording>`."""
        return cls(*(element.string(name) for name in ("meetingID", "internalMeetingID", "recordID")))

    @property
    def is_nameless(self) -> bool:
        """Whether it does not say at all whose it is."""
        return not (self.meeting_id or self.internal_meeting_id or self.record_id)

    def is_of(self, meeting_id: str) -> bool:
        """Whether it is of that meeting, by its own id or by what internal ids are made of (section 2.1)."""
        if self.meeting_id:
            return self.meeting_id == meeting_id
        made_of = sha1(meeting_id.encode(), usedforsecurity=False).hexdigest()
        return made_of in {self.internal_meeting_id.partition("-")[0], self.record_id.partition("-")[0]}


def read_each(
    elements: Iterable[Element], read: Callable[[Element], Item]
) -> tuple[tuple[Item, ...], tuple[Unread, ...]]:
    """Read the items of a list. One that cannot be read costs itself only: it comes apart from the others."""
    items, unread = list[Item](), list[Unread]()
    for element in elements:
        try:
            items.append(read(element))
        except Unreadable:
            unread.append(Unread.of(element))
    return tuple(items), tuple(unread)
