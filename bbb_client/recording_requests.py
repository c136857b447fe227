"""What can be asked about recordings: each request is a frozen dataclass, each field a parameter (section 3)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from bbb_client.parameters import BODY, check_meta, named, prefixed
from bbb_client.vocabulary import RecordingState, TextTrackKind


@dataclass(frozen=True, slots=True, kw_only=True)
class GetRecordings:
    """Which recordings to list (section 3.1); ask by meeting or recording, since listing all takes minutes.

    Ids may be beginnings of ids, record ids win over meeting ids. Without states, published and unpublished ones
    are listed. All metadata must match; `%` at either end stands for anything. `limit` (1 to 100) turns paging
    on where the server knows it (2.6).
    """

    meeting_ids: Sequence[str] = field(default=(), metadata=named("meetingID"))
    record_ids: Sequence[str] = field(default=(), metadata=named("recordID"))
    states: Sequence[RecordingState] = field(default=(), metadata=named("state"))
    meta: Mapping[str, str] = field(default_factory=dict, repr=False, metadata=prefixed("meta_"))
    offset: int | None = None
    limit: int | None = None

    def __post_init__(self) -> None:
        check_meta(self.meta)


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateRecordings:
    """Metadata to set on recordings (section 3.1); None or "" deletes an entry."""

    record_ids: Sequence[str] = field(metadata=named("recordID"))
    meta: Mapping[str, str | None] = field(repr=False, metadata=prefixed("meta_", keep_empty=True))

    def __post_init__(self) -> None:
        check_meta(self.meta)


@dataclass(frozen=True, slots=True, kw_only=True)
class PutRecordingTextTrack:
    """A file of subtitles or captions for a recording (section 3.1)."""

    record_id: str
    kind: TextTrackKind
    lang: str  # BCP 47, such as "ca" or "en-GB"
    label: str | None = None
    content_type: str = field(default="text/vtt", metadata=named("contenttype"))
    filename: str = field(default="track.vtt", metadata=BODY)
    content: bytes = field(repr=False, metadata=BODY)
