"""What an API token may do, besides being limited to what its owner may do."""

from enum import StrEnum

from app.i18n import Text, lazy


class Scope(StrEnum):
    """One of the things that a token may do; none includes another."""

    READ = "read"
    ROOMS = "rooms"
    ORGANISATION = "organisation"


ALL = frozenset(Scope)

WORDS: dict[Scope, Text] = {
    Scope.READ: lazy("Read"),
    Scope.ROOMS: lazy("Rooms"),
    Scope.ORGANISATION: lazy("Organisation"),
}
HINTS: dict[Scope, Text] = {
    Scope.READ: lazy(
        "See your rooms, meetings, recordings, limits and contributions, and who hosts with you."
    ),
    Scope.ROOMS: lazy(
        "Make, change and delete rooms, start and end meetings, let people in, change and delete recordings."
    ),
    Scope.ORGANISATION: lazy("Invite and remove hosts of organisations whose admin you are."),
}
