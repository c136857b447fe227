"""The people of the demo: fictional co-operatives, hosts on every tier, one sign-in for each kind of user."""

from dataclasses import dataclass

PASSWORD = "correct-horse-staple"  # noqa: S105  a demo's, printed at its start

SIGN_INS = (
    ("ada@example.org", "a host on the free tier"),
    ("bela@example.org", "a host who gave: session organiser"),
    ("chidi@example.org", "a host of Riverside Housing, a consumer organisation"),
    ("dolors@example.org", "the admin of Riverside Housing"),
    ("emeka@example.org", "the admin of Commons Cloud, a co-producer organisation"),
    ("operator@example.org", "an operator of the service"),
    ("books@example.org", "a bookkeeper"),
)


@dataclass(frozen=True)
class Person:
    """Someone in the demo."""

    email: str
    name: str
    tier: str | None = None
    organisation: str | None = None
    role: str = "host"
    is_operator: bool = False
    is_bookkeeper: bool = False
    language: str = "en"


@dataclass(frozen=True)
class DemoRoom:
    """A room in the demo; `organisation`: the one it belongs to, else its host's own."""

    host: str
    name: str
    slug: str
    description: str = ""
    organisation: str | None = None
    code: str = ""
    lobby: bool = False
    who_may_start: str = "hosts"
    record: bool = False


ORGANISATIONS = (
    ("riverside-housing", "Riverside Housing", "consumer"),
    ("commons-cloud", "Commons Cloud", "co-producer"),
)

PEOPLE = (
    Person("ada@example.org", "Ada Okafor"),
    Person("bela@example.org", "Béla Szabó", tier="session-organiser"),
    Person("chidi@example.org", "Chidi Brandt", organisation="riverside-housing"),
    Person(
        "dolors@example.org", "Dolors Puig", organisation="riverside-housing", role="admin", language="ca"
    ),
    Person("emeka@example.org", "Emeka Lindqvist", organisation="commons-cloud", role="admin"),
    Person("operator@example.org", "Olu Marsh", is_operator=True),
    Person("books@example.org", "Bruna Keller", is_bookkeeper=True),
)

ROOMS = (
    DemoRoom(
        "ada@example.org", "Reading circle", "reading-circle", "Every second Tuesday, a chapter at a time."
    ),
    DemoRoom(
        "bela@example.org",
        "Choir practice",
        "choir-practice",
        "Warm up at seven, sing at half past.",
        record=True,
    ),
    DemoRoom(
        "bela@example.org",
        "Board",
        "seed-library-board",
        "Minutes go to the shared folder.",
        code="2718-2818",
        lobby=True,
    ),
    DemoRoom(
        "chidi@example.org",
        "Weekly assembly",
        "weekly-assembly",
        "All neighbours. The agenda is pinned in the hall.",
        organisation="riverside-housing",
        record=True,
    ),
    DemoRoom(
        "chidi@example.org",
        "Repairs desk",
        "repairs-desk",
        "Wednesdays from five to six.",
        organisation="riverside-housing",
        who_may_start="signed_in",
    ),
    DemoRoom("dolors@example.org", "Garden group", "garden-group", organisation="riverside-housing"),
    DemoRoom(
        "emeka@example.org",
        "Open house",
        "open-house",
        "Drop in and ask anything about the co-operative.",
        organisation="commons-cloud",
        who_may_start="anyone",
    ),
    DemoRoom(
        "emeka@example.org",
        "Operators’ round",
        "operators-round",
        "What broke, what we learnt.",
        organisation="commons-cloud",
        code="3141-5926",
        record=True,
    ),
    DemoRoom(
        "emeka@example.org",
        "Public lecture",
        "public-lecture",
        "One evening a month, with questions afterwards.",
        organisation="commons-cloud",
        lobby=True,
    ),
)
