"""Why a mail was not sent, and whose matter that is: the server's, our settings', the address's, the letter's."""

import re
from datetime import timedelta
from enum import StrEnum

from aiosmtplib import SMTPException

LONGEST = 1000
# RFC 3463, at the beginning of what a server says; a dash where there are several lines.
ENHANCED = re.compile(r"\s*([245])\.(\d{1,3})\.(\d{1,3})\b")
ADDRESS = re.compile(r"[^\s<>()\[\]:;,\"]+@[^\s<>()\[\]:;,\"]+")
PERMANENT = 500
# 530: authentication or STARTTLS required first; 535, 538: the login (RFC 4954, 6).
OUR_LOGIN = {530, 534, 535, 538}
# Commands that the server does not know, or not now: nothing that is wrong with an address.
OUR_COMMANDS = {500, 502, 503, 504}


class Stage(StrEnum):
    """How far a try came."""

    CONNECT = "connect"
    TLS = "tls"
    LOGIN = "login"
    SENDER = "sender"
    RECIPIENT = "recipient"
    DATA = "data"


class Reason(StrEnum):
    """Why the last try failed, as the log says it; `admin.mail_words` says it to operators."""

    TRYING = "trying"
    UNREACHABLE = "unreachable"
    TIMEOUT = "timeout"
    DISCONNECTED = "disconnected"
    LATER = "later"
    UNTRUSTED = "untrusted_certificate"
    TLS = "tls"
    LOGIN = "login_refused"
    SENDER = "sender_refused"
    RELAY = "relay_refused"
    RECIPIENT = "recipient_refused"
    LETTER = "letter_refused"


# What no other try can change. All else is tried until the mail is a week old: no mail is lost by a wrong password.
FOR_GOOD = frozenset({Reason.RECIPIENT, Reason.LETTER})


class NotSentError(SMTPException):
    """A try that failed: why, and what the server said; `wait` until the next one, None: there is none."""

    def __init__(self, reason: Reason, words: str) -> None:
        self.reason = reason
        self.words = tidy_words(words)
        self.wait: timedelta | None = None
        super().__init__(f"{reason}: {self.words}")


def reason_of(stage: Stage, code: int, words: str) -> Reason:
    """What an SMTP server's answer means at a stage (RFC 5321, 4.2.1); RFC 3463 says more where it is used."""
    if code < PERMANENT:
        return Reason.LATER
    found = ENHANCED.match(words)
    subject = int(found[2]) if found and found[1] == "5" else None
    if stage is Stage.TLS:
        return Reason.TLS
    if stage is Stage.LOGIN or code in OUR_LOGIN:
        return Reason.LOGIN
    if stage is Stage.CONNECT or code in OUR_COMMANDS:
        return Reason.RELAY
    if stage is Stage.SENDER:
        return Reason.SENDER
    return _of_letter(stage, subject, words)


def _of_letter(stage: Stage, subject: int | None, words: str) -> Reason:
    """Of an answer to the recipient or to the letter itself."""
    is_about_address = subject in {1, 2} or (subject is None and stage is Stage.RECIPIENT)
    if stage is Stage.RECIPIENT and re.search(r"(?i)\brelay|authenticat|log ?in first", words):
        return Reason.RELAY  # we may not send through this server: no address's fault
    if is_about_address or (stage is Stage.RECIPIENT and subject not in {7, 5}):
        return Reason.RECIPIENT
    return Reason.LETTER


def tidy_words(text: str) -> str:
    """What a server said, without what nobody can see, as long as it may be."""
    lines = [" ".join(line.split()) for line in text.splitlines()]
    seen = "\n".join("".join(c for c in line if c.isprintable()) for line in lines if line)
    return seen[:LONGEST]


def without_addresses(words: str) -> str:
    """The same for the log, which has no e-mail address in it."""
    return ADDRESS.sub("[address]", words)
