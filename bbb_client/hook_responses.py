"""What bbb-webhooks answers about its hooks (section 4.4)."""

from dataclasses import dataclass, field
from typing import Self

from bbb_client.elements import Element


@dataclass(frozen=True, slots=True)
class CreatedHook:
    """The answer of hooks/create; `duplicate`: the address was registered already, and nothing was changed."""

    hook_id: str
    duplicate: bool
    permanent: bool
    raw_data: bool

    @classmethod
    def read(cls, root: Element) -> Self:
        """Read the answer of hooks/create."""
        return cls(
            hook_id=root.must_string("hookID"),
            duplicate=root.string("messageKey") == "duplicateWarning",
            permanent=root.flag("permanentHook"),
            raw_data=root.flag("rawData"),
        )


@dataclass(frozen=True, slots=True)
class Hook:
    """A registered address; `meeting_id` is "" and `event_ids` empty for all meetings and all events."""

    hook_id: str
    callback_url: str = field(repr=False)
    meeting_id: str
    event_ids: tuple[str, ...]
    permanent: bool
    raw_data: bool

    @classmethod
    def read(cls, element: Element) -> Self:
        """Read one `<hook>` of hooks/list."""
        return cls(
            hook_id=element.must_string("hookID"),
            callback_url=element.string("callbackURL"),
            meeting_id=element.string("meetingID"),
            event_ids=tuple(filter(None, element.string("eventID").split(","))),
            permanent=element.flag("permanentHook"),
            raw_data=element.flag("rawData"),
        )


def read_hooks(root: Element) -> tuple[Hook, ...]:
    """Read the answer of hooks/list."""
    return tuple(map(Hook.read, root.listed("hooks", "hook", none="noHooks")))
