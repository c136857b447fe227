"""What a simulated server is told once, when it is set up."""

from dataclasses import dataclass, field

from bbb_client.signing import Algorithm

ALL_ALGORITHMS = frozenset(Algorithm)


@dataclass(frozen=True, kw_only=True)
class Config:
    """The settings of one simulated server.

    Seconds are seconds of the simulated clock, except `silent_seconds` and `closed_seconds`: a browser
    that is open answers in real time however far the clock is moved.
    """

    secret: str = field(repr=False)  # empty: checksums are not asked for (section 1.1)
    profile: str = "3.0"
    algorithms: frozenset[Algorithm] = ALL_ALGORITHMS  # the allow-list of section 1.1
    tolerant_posts: bool = False  # take every way of signing a POST of section 1.3, whatever the profile
    open_control: bool = False  # let other machines use /sim too
    public_url: str = ""  # "https://bbb.example": what browsers should be sent to, if not where they ask
    default_logout_url: str = ""

    end_delay_seconds: float = (
        1.0  # from the call `end`, which hides the meeting, to its callbacks (section 2.4)
    )
    ended_kept_seconds: float = 60.0  # how long a join hears meetingForciblyEnded and not "unknown"
    farewell_seconds: float = 86_400.0  # how long the page of a person knows that the meeting ended
    seat_grace_seconds: float = 60.0  # a seat is free this long after its person left (section 2.13)
    entered_seconds: float = 45.0  # a person who joined and never connected is dropped (section 2.2)
    silent_seconds: float = 90.0  # real: background tabs are woken once a minute only
    closed_seconds: float = 10.0  # real: how soon a closed page counts as left

    max_accesses: int = 3  # devices of one userID at a time (section 2.13); 0: any number
    disable_recording: bool = False  # disableRecordingDefault
    keep_events: bool = False  # defaultKeepEvents
    fetch_all_recordings: bool = True  # allowFetchAllRecordings
    reveal_version: bool = True  # allowRevealOfBBBVersion

    formats: tuple[str, ...] = ("presentation", "video", "podcast")
    processing_seconds: float = 60.0  # from the end of the meeting to "processed"
    publishing_seconds: float = 15.0  # from "processed" to "published"
    late_seconds: float = 600.0  # how much later a late format appears
    analytics_seconds: float = 20.0  # from the end of the meeting to the analytics callback

    hooks: bool = True  # False: web-hooks are not installed, their calls are 404 (section 2.11)
    hooks_bearer: bool = False  # auth2_0: the secret travels instead of a checksum (section 4.4)
    hooks_algorithm: Algorithm = Algorithm.SHA1
    domain: str = "simulator.invalid"
