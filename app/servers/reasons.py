"""Why a server does not answer, in words for the people who run the site: what to look at."""

from http import HTTPStatus

from app.i18n import marked as _
from bbb_client.errors import BBBError, CouldNotAsk, Reason, Refused

UNREACHABLE = _("There’s no connection to it. Is it running, and is its address right?")
TIMED_OUT = _("It took too long to answer.")
SERVER_FAILED = _("It answered that it failed (HTTP 500 or so). Its own log says why.")
UNAUTHORIZED = _(
    "Something in front of it, such as a load balancer, asks for a password (HTTP 401), or doesn’t accept our "
    "secret. BigBlueButton itself never does."
)
FORBIDDEN = _(
    "Something in front of it, such as a load balancer or a firewall, doesn’t let this site in (HTTP 403)."
)
NO_API = _("There’s no BigBlueButton API at its address (HTTP 404). Is the address right?")
GATEWAY = _(
    "A load balancer or proxy answers, but can’t reach BigBlueButton behind it (HTTP 502, 503 or 504)."
)
UNREADABLE = _("Its answer can’t be read: it isn’t one of BigBlueButton’s.")
TOO_LARGE = _("Its answer is too large to be one of BigBlueButton’s.")
WRONG_SECRET = _("It doesn’t accept the shared secret. Is GUILDHALL_BBB_SECRET still the one it has?")
FOREIGN = _("It lists meetings, but none of this site’s: its answer looks like another server’s.")
NOT_SET_UP = _("This site isn’t connected to it: it’s not in the settings.")
REFUSED = _("It refused. The worker’s log has its words.")

_REASONS = {
    Reason.UNREACHABLE: UNREACHABLE,
    Reason.BROKEN_OFF: UNREACHABLE,
    Reason.TIMED_OUT: TIMED_OUT,
    Reason.SERVER_ERROR: SERVER_FAILED,
    Reason.NOT_LET_IN: FORBIDDEN,
    Reason.NO_API: NO_API,
    Reason.GATEWAY: GATEWAY,
    Reason.UNEXPECTED_STATUS: UNREADABLE,
    Reason.UNREADABLE: UNREADABLE,
    Reason.TOO_LARGE: TOO_LARGE,
}


def why_not(error: BBBError | TimeoutError) -> str:
    """The sentence for an error of the client, to be kept and translated when it is read."""
    if isinstance(error, CouldNotAsk):
        return UNAUTHORIZED if error.status == HTTPStatus.UNAUTHORIZED else _REASONS[error.reason]
    if isinstance(error, Refused):
        return WRONG_SECRET if error.key == "checksumError" else REFUSED
    return TIMED_OUT
