"""Misbehaviour that can be ordered through the control address, to see whether a client bears it."""

from dataclasses import dataclass, field
from enum import StrEnum


class Kind(StrEnum):
    """What can be ordered."""

    SLOW = "slow"  # the answer comes `seconds` real seconds later
    ERROR = "error-500"
    BROKEN_XML = "broken-xml"  # a control character that XML forbids
    NONSENSE = "nonsense"  # a page in HTML, with status 200
    DROPPED = "dropped"  # the call is not done, and the connection breaks in the middle of the answer
    ANSWER_LOST = "answer-lost"  # the call is done, and the connection breaks in the middle of its answer
    CHECKSUM = "checksum-refused"  # as if the secret had changed
    THOUSANDS = "thousands"  # numbers with separators: 1,234
    CALLBACK_LOST = "callback-lost"
    CALLBACK_DOUBLED = "callback-doubled"
    SIZE_ZERO = "size-zero"  # formats of recordings say 0 bytes
    SIZE_MISSING = "size-missing"  # recordings and formats say nothing of bytes
    FORMAT_LATE = "format-late"  # the last format of a new recording appears much later
    ONE_SEAT_LESS = "one-seat-less"  # maxParticipants lets in one fewer (section 2.13)
    STALE_COUNT = "stale-count"  # participantCount stays as it was when this was ordered


@dataclass(kw_only=True)
class Fault:
    """One order: for the next `remaining` times (None: until cleared), for one call or for all."""

    kind: Kind
    remaining: int | None = None
    call: str | None = None  # a call of the API, or end, recording-ready, analytics, hook for callbacks
    seconds: float = 0.0
    counts: dict[str, int] = field(default_factory=dict)  # stale-count: what to go on saying, by internal id


class Faults:
    """The orders in force, oldest first."""

    def __init__(self) -> None:
        self.ordered: list[Fault] = []

    def order(self, fault: Fault) -> None:
        """Add an order."""
        self.ordered.append(fault)

    def clear(self) -> None:
        """Forget all orders."""
        self.ordered.clear()

    def take(self, kind: Kind, call: str) -> Fault | None:
        """The oldest order that fits, used up by one; None if there is none."""
        for fault in self.ordered:
            if fault.kind is kind and fault.call in {None, call}:
                self._use(fault)
                return fault
        return None

    def _use(self, fault: Fault) -> None:
        if fault.remaining is None:
            return
        fault.remaining -= 1
        if fault.remaining == 0:
            self.ordered.remove(fault)
