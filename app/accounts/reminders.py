"""Links in reminders that end them: signed, without an end of their own, good for this and nothing else."""

from collections.abc import Callable

from app.i18n import Text, lazy
from app.mail.reminders import KINDS
from app.settings import Settings
from app.web.browser import YEAR, signer, unsigned

PURPOSE = "unsubscribe"
# Mails are kept for long, and whoever finds an old one may still have enough of them.
HOLDS = 20 * YEAR

WORDS: dict[str, Text] = {
    "membership": lazy("My membership ends soon"),
    "storage": lazy("The space for recordings fills up"),
    "tasks": lazy("News about tasks"),
    "interests": lazy("Somebody wants to join (operators)"),
}
assert set(WORDS) == set(KINDS.values())  # noqa: S101  each kind has its words


def unsubscribe_links(settings: Settings) -> Callable[[int, str], str]:
    """Makes the address where a reader ends a kind of reminder, with one click in a mail program (RFC 8058)."""

    def link(user_id: int, kind: str) -> str:
        return f"{settings.public_url}/unsubscribe/{signer(settings, PURPOSE).dumps([user_id, kind])}"

    return link


def read_link(settings: Settings, token: str) -> tuple[int, str] | None:
    """Whose reminders, of which kind; None if the token is not ours."""
    match unsigned(settings, PURPOSE, token, seconds=HOLDS):
        case [int(user_id), str(kind)] if kind in WORDS:
            return user_id, kind
        case _:
            return None
