"""The people of one meeting: who registered, who is connected, who left and still holds a seat."""

import secrets
import string
from dataclasses import dataclass, field
from enum import StrEnum

_LETTERS = string.ascii_lowercase + string.digits


class Admission(StrEnum):
    """What became of the guest policy (section 2.2); the value is guestStatus on the wire."""

    ALLOW = "ALLOW"
    WAIT = "WAIT"
    DENY = "DENY"


def random_text(length: int) -> str:
    """Small letters and digits, as in BBB's internal user ids."""
    return "".join(secrets.choice(_LETTERS) for _ in range(length))


def new_user_id() -> str:
    """An internal user id: `w_` and 12 characters (section 2.2)."""
    return "w_" + random_text(12)


@dataclass(kw_only=True, eq=False)
class Person:
    """Somebody who joined a meeting; moments are milliseconds of the simulated clock."""

    external_id: str  # the parameter userID; the basis of counting seats (section 2.13)
    name: str
    moderator: bool
    registered: int
    user_id: str = field(default_factory=new_user_id)
    session_token: str = field(default_factory=lambda: random_text(16))
    auth_token: str = field(default_factory=lambda: random_text(12))
    guest: bool = False
    admission: Admission = Admission.ALLOW
    removed: str = ""  # a messageKey: why the person was put out
    joins: list[int] = field(default_factory=list)
    leaves: list[int] = field(default_factory=list)
    voice: bool = False
    listen_only: bool = False
    video: bool = False
    client_type: str = "HTML5"
    userdata: dict[str, str] = field(default_factory=dict)
    logout_url: str = ""
    heard: float | None = None  # real seconds: when the page last asked; None: it never did
    closed: float | None = None  # real seconds: when the page was closed

    @property
    def role(self) -> str:
        """The role on the wire."""
        return "MODERATOR" if self.moderator else "VIEWER"

    @property
    def online(self) -> bool:
        """Whether the client is connected now."""
        return len(self.joins) > len(self.leaves)

    @property
    def registered_only(self) -> bool:
        """Whether the person joined and no client has connected yet."""
        return not self.joins and not self.removed

    @property
    def in_session(self) -> bool:
        """Whether getSessions lists the person (section 2.7)."""
        return not self.removed and (self.online or not self.joins)

    def holds_seat(self, now: int, grace: int) -> bool:
        """Whether a seat is taken: while connected and `grace` milliseconds longer (section 2.13)."""
        return self.online or bool(self.leaves and now < self.leaves[-1] + grace)

    def seconds_inside(self, now: int) -> int:
        """How long the person was connected, all stays together."""
        ends = [*self.leaves, now]
        return sum(end - start for start, end in zip(self.joins, ends, strict=False)) // 1000
