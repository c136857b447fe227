"""Who is let in where: each rule says what every kind of person is answered."""

SIGN_IN, HIDDEN, REFUSED, OPEN = "sign in", "hidden", "refused", "open"
MOVED_ON = "moved on"  # somebody else has it at this moment
BROKEN = "broken"  # nobody is to be answered that

ROLES = (
    "guest",
    "banned",  # was an operator, a bookkeeper and an admin of the organisation
    "nobody",
    "unverified",  # an admin of the organisation who has not verified their address
    "host",  # whose room, recording, task, entry and token it is
    "cohost",  # hosts for the same organisation
    "suspended host",  # the same host, once an admin has suspended them
    "suspended admin",
    "admin",
    "other admin",  # of another organisation
    "bookkeeper",
    "operator",
)
OUTSIDE = ("guest", "banned")

Rule = dict[str, str]


def rule(default: str, **roles: str) -> Rule:
    """What each role is answered. Who is not signed in signs in first, unless it says otherwise of guests."""
    said = {name.replace("_", " "): outcome for name, outcome in roles.items()}
    guest = said.pop("guest", SIGN_IN)
    assert set(said) <= set(ROLES)
    return dict.fromkeys(ROLES, default) | dict.fromkeys(OUTSIDE, guest) | said


ANYONE = rule(OPEN, guest=OPEN)
NOT_THERE = rule(HIDDEN, guest=HIDDEN)
SIGNATURE = rule(SIGN_IN)  # for BigBlueButton, which signs what it sends
SIGNED_IN = rule(OPEN)
SIGNED_IN_NOT_THERE = rule(HIDDEN)
VERIFIED_NOT_THERE = SIGNED_IN_NOT_THERE | {"unverified": REFUSED}
HOST_ALONE = rule(HIDDEN, host=OPEN, suspended_host=OPEN)
VERIFIED = rule(OPEN, unverified=REFUSED)
INVITED = rule(REFUSED, nobody=OPEN)  # to whose address the invitation was sent
OPERATOR = rule(HIDDEN, operator=OPEN)
BOOKS = rule(HIDDEN, bookkeeper=OPEN, operator=OPEN)
DECIDES = rule(HIDDEN, bookkeeper=REFUSED, operator=OPEN)

# An organisation's own pages: its people see its front, its admins all of it; for others it is not there.
_ITS_PEOPLE = ("host", "cohost", "suspended_host", "suspended_admin", "admin")
_ITS_OWN = dict.fromkeys(_ITS_PEOPLE, OPEN) | {"unverified": REFUSED}
HOSTS = rule(HIDDEN, **_ITS_OWN, operator=OPEN)
LEAVES = rule(HIDDEN, **_ITS_OWN)
ADMINS = rule(HIDDEN, **dict.fromkeys(_ITS_OWN, REFUSED) | {"admin": OPEN, "operator": OPEN})
# There is a form for a provider, and none is set yet.
NO_PROVIDER = ADMINS | {"admin": HIDDEN, "operator": HIDDEN}
OPERATOR_PROVES = NO_PROVIDER | {"operator": OPEN}  # tells them that there is no such domain
ITS_ACCOUNT = rule(HIDDEN, admin=OPEN)
RECEIPTS = rule(HIDDEN, admin=OPEN, bookkeeper=OPEN, operator=OPEN)

# A room's page is open to everyone with the link; what its hosts do there is theirs and their admins'.
ROOM_HOSTS = rule(REFUSED, host=OPEN, admin=OPEN)
RECORDING_HOSTS = rule(HIDDEN, host=OPEN, admin=OPEN)

# A task that somebody has taken is listed for everyone.
TAKER = rule(MOVED_ON, unverified=REFUSED, host=OPEN, suspended_host=OPEN)

# Programs: a cookie opens nothing, and a token opens what its owner may.
TOKEN = rule(OPEN, guest=SIGN_IN, banned=REFUSED, unverified=REFUSED)
_PROGRAM = {"banned": REFUSED, "unverified": REFUSED}
API_ROOM = ROOM_HOSTS | _PROGRAM
API_RECORDING = RECORDING_HOSTS | _PROGRAM
API_MEETING = RECORDING_HOSTS | _PROGRAM
API_ADMINS = rule(HIDDEN, **dict.fromkeys(_ITS_OWN, REFUSED) | {"admin": OPEN} | _PROGRAM)
