"""What can go wrong between us and BigBlueButton; no message ever carries an address, a checksum or a secret."""

import re
from enum import StrEnum

MESSAGE_LIMIT = 500
_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]*://\S+", re.IGNORECASE)
_HASH = re.compile(r"[0-9a-f]{40,}", re.IGNORECASE)
_KEY = re.compile(r"[A-Za-z][A-Za-z_-]{0,47}|Params required")
_TOKEN = re.compile(r"\b(checksum|sessionToken)=[^\s&]*", re.IGNORECASE)


class BBBError(Exception):
    """Anything that this package raises about BigBlueButton."""


class Reason(StrEnum):
    """Why a server could not be asked; NOT_LET_IN, NO_API and GATEWAY are pages of what stands before it."""

    UNREACHABLE = "no connection"
    TIMED_OUT = "no answer in time"
    BROKEN_OFF = "the connection broke off"
    SERVER_ERROR = "the server failed"
    NOT_LET_IN = "something before the server lets nobody in, or not us"
    NO_API = "there is no API at this address"
    GATEWAY = "something before the server does not reach it"
    UNEXPECTED_STATUS = "an answer that is not the API's"
    UNREADABLE = "an unreadable answer"
    TOO_LARGE = "an answer that is too large"


class CouldNotAsk(BBBError):  # noqa: N818 - reads as what happened, in `except` and in logs
    """There is no answer that could be used: what the caller wanted to know stays unknown.

    `call` is the name of the call, `reason` why, `status` the HTTP status if there was one. `sent` tells whether
    the request, in any attempt, may have reached the server: if so, its effect may have happened.
    """

    def __init__(self, call: str, reason: Reason, *, sent: bool, status: int | None = None) -> None:
        self.call = call
        self.reason = reason
        self.sent = sent
        self.status = status
        super().__init__(f"{call or 'index'}: {reason}" + (f" (HTTP {status})" if status else ""))


class Refused(BBBError):  # noqa: N818 - reads as what happened, in `except` and in logs
    """The server understood and said no (returncode FAILED).

    `key` is its messageKey (section 2.15; empty where a balancer gives none), `message` its sentence.
    """

    def __init__(self, call: str, key: str, message: str) -> None:
        self.call = call
        self.key = key
        self.message = message
        super().__init__(f"{call}: refused: {key or 'no key'}: {message}")

    @property
    def not_found(self) -> bool:
        """Whether the meeting or recording is not there (any more); this is also what a second `end` hears."""
        return self.key in {"notFound", "meetingNotFound", "invalidMeetingIdentifier"}


class TooLong(BBBError):  # noqa: N818 - reads as what happened, in `except` and in logs
    """A request was not sent because its address would be longer than web servers accept (section 1.2.8).

    `parameter` is the name of the longest parameter, `length` the length of the address in bytes.
    """

    def __init__(self, call: str, parameter: str, length: int, limit: int) -> None:
        self.call = call
        self.parameter = parameter
        self.length = length
        super().__init__(
            f"{call}: {length} bytes of address, {limit} are accepted; {parameter} is the longest parameter"
        )


class Forged(BBBError):  # noqa: N818 - reads as what happened, in `except` and in logs
    """A callback is not from the server it claims to be from, or is out of date: answer 401."""


class Malformed(BBBError):  # noqa: N818 - reads as what happened, in `except` and in logs
    """A callback's content is not what BigBlueButton sends: answer 400."""


def scrubbed(text: str, secret: str) -> str:
    """Take out of a server's sentence what must not be repeated, and cut it to 500 characters.

    A balancer may echo the request, and the request carries the checksum.
    """
    for pattern, substitute in ((_ADDRESS, "[address]"), (_HASH, "[hash]")):
        text = pattern.sub(substitute, text)
    return without_tokens(text).replace(secret, "[secret]")[:MESSAGE_LIMIT]


def scrubbed_key(key: str, secret: str) -> str:
    """A messageKey as it came, however much of it the secret happens to spell; else cleaned like a sentence.

    Callers decide by the key: a secret like "not" must never turn `notFound` into something else.
    """
    return key if _KEY.fullmatch(key) and key != secret else scrubbed(key, secret)


def without_tokens(text: str) -> str:
    """Take out the parameters that open a door: checksums and session tokens."""
    return _TOKEN.sub("[token]", text)
