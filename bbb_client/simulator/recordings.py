"""What is kept of a recorded meeting: states, formats, sizes (BBB_API.md section 3)."""

from dataclasses import dataclass, field
from enum import StrEnum

from bbb_client.simulator.clock import MINUTE
from bbb_client.simulator.meetings import Breakout

RAW_RATE = 200_000  # bytes a recorded second leaves in the archive
RATES = {"presentation": 80_000, "video": 50_000, "podcast": 8_000}  # about 500 MB an hour together
OTHER_RATE = 20_000  # a format the simulator was told to make by another name
HEAD = 40_000  # bytes of a format without any content


class State(StrEnum):
    """What a recording is in; the values are on the wire."""

    PROCESSING = "processing"
    PROCESSED = "processed"
    PUBLISHED = "published"
    UNPUBLISHED = "unpublished"
    DELETED = "deleted"


@dataclass(frozen=True)
class Format:
    """One published form of a recording."""

    kind: str
    processing_ms: int
    minutes: int  # whole ones, 0 below one (section 3.2)
    size: int  # bytes


@dataclass(frozen=True)
class Track:
    """One text track."""

    kind: str
    label: str
    lang: str


@dataclass(kw_only=True, eq=False)
class Recording:
    """One recording; moments in milliseconds, sizes in bytes."""

    record_id: str
    meeting_id: str  # external
    name: str
    breakout: Breakout | None
    started: int
    ended: int
    recorded_ms: int
    participants: int
    metadata: dict[str, str]
    ready_url: str
    steps: list[tuple[int, str]]  # what is still to happen: when; "processed" or the name of a format
    state: State = State.PROCESSING
    formats: list[Format] = field(default_factory=list)
    tracks: dict[str, Track] = field(default_factory=dict)  # by language

    @property
    def raw_size(self) -> int:
        """The bytes of the raw archive."""
        return self.recorded_ms * RAW_RATE // 1000

    @property
    def size(self) -> int:
        """The bytes of all published formats (section 3.3)."""
        return sum(form.size for form in self.formats)

    @property
    def public(self) -> bool:
        """Whether publish and unpublish mean anything yet."""
        return self.state in {State.PUBLISHED, State.UNPUBLISHED}

    def make(self, kind: str) -> Format:
        """A format as the scripts would make it."""
        size = HEAD + self.recorded_ms * RATES.get(kind, OTHER_RATE) // 1000
        made = Format(kind, self.recorded_ms // 10, self.recorded_ms // MINUTE, size)
        self.formats.append(made)
        return made
