"""A mail as RFC 5322 wants it: two parts that say the same, and headers that receivers look at."""

from datetime import UTC
from email.charset import QP, Charset
from email.header import Header
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.policy import compat32
from email.utils import format_datetime, formataddr
from typing import Any

from app.mail.models import OutgoingMail
from app.setting_values import Sender
from app.settings import Settings

# Lines as they travel. Headers are folded at 76, as lines with encoded words must be (RFC 2047, 2).
WIDTH = 76
ON_THE_WIRE = compat32.clone(linesep="\r\n", max_line_length=WIDTH)
UTF8 = Charset("utf-8")
# Any server takes it, also one without 8BITMIME, and no line is longer than 76.
UTF8.body_encoding = QP


def message_of(mail: OutgoingMail, settings: Settings) -> bytes:
    """The letter, byte for byte the same in every try.

    Made with the older half of the standard library: the newer one reads values as if they had come in a mail, so
    that a name in the shape of an encoded word (RFC 2047) would make headers; it drops the quotation marks of long
    names, and takes long addresses of pages apart.
    """
    sender = settings.sender
    mark = f"{mail.created_at.astimezone(UTC):%Y%m%d%H%M%S%f}.{mail.id}"
    # What quoted-printable never writes: no line of the parts can be taken for their end.
    message: Any = MIMEMultipart("alternative", boundary=f"=_{mark}")  # it takes headers as objects, too
    message["Date"] = format_datetime(mail.created_at.astimezone(UTC))
    message["From"] = _mailbox("From", sender)
    message["To"] = mail.to
    reply_to = Sender("", mail.reply_to) if mail.reply_to else settings.reply_to
    if reply_to is not None:
        message["Reply-To"] = _mailbox("Reply-To", reply_to)
    message["Subject"] = _words("Subject", mail.subject)
    message["Message-ID"] = f"<{mark}@{sender.domain}>"
    # RFC 3834: no answering machine answers it.
    message["Auto-Submitted"] = "auto-generated"
    if mail.unsubscribe:
        message["List-Unsubscribe"] = _InOnePiece(f"<{mail.unsubscribe}>")
        # RFC 8058, 3.1: one click in the mail program, by https only.
        if mail.unsubscribe.startswith("https://"):
            message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    # From the plainest to the richest (RFC 2046, 5.1.4).
    message.attach(MIMEText(mail.text, "plain", UTF8))  # type: ignore[arg-type]  # the library takes a Charset
    message.attach(MIMEText(mail.html, "html", UTF8))  # type: ignore[arg-type]  # the same
    return bytes(message.as_bytes(policy=ON_THE_WIRE))


class _InOnePiece(Header):
    """An address of a page is not folded: it may be longer than a line should be, and far shorter than one may be."""

    def encode(self, splitchars: str = "", maxlinelen: int | None = None, linesep: str = "") -> str:  # noqa: ARG002  the library's own
        """As it is: plain signs, made by us."""
        return str(self)


def _mailbox(header: str, who: Sender) -> Header | str:
    """Name and address: quoted where the name has signs of its own, encoded where it has letters of its own."""
    name = _without_encoded_words(who.name)
    if name.isascii():
        return formataddr((name, who.address))
    mailbox = Header(header_name=header, maxlinelen=WIDTH)
    mailbox.append(name, "utf-8")
    mailbox.append(f"<{who.address}>", "us-ascii")
    return mailbox


def _words(header: str, text: str) -> Header | str:
    text = _without_encoded_words(text)
    return text if text.isascii() else Header(text, "utf-8", header_name=header, maxlinelen=WIDTH)


def _without_encoded_words(text: str) -> str:
    """Receivers decode what looks like an encoded word, line ends in it too: apart, the two signs begin none."""
    return text.replace("=?", "= ?")
