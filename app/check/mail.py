"""The SMTP server: reached, its certificate believed, the name and password taken. No mail is sent."""

import ssl
from urllib.parse import urlsplit

import aiosmtplib

from app.check.findings import Finding, look, mend, ok, words_of
from app.mail.delivery import smtp_options
from app.settings import Settings

SUBJECT = "Mail"


async def check_mail(settings: Settings) -> list[Finding]:
    """Connect and sign in as the worker does for every mail."""
    if not settings.smtp_url.get_secret_value():
        how = "Set GUILDHALL_SMTP_URL and GUILDHALL_MAIL_FROM: accounts are verified by mail."
        return [look(SUBJECT, "no server is set: mail goes to port 25 of this machine", how)]
    options = smtp_options(settings)
    has_name = urlsplit(settings.smtp_url.get_secret_value()).username is not None
    try:
        async with aiosmtplib.SMTP(**options):
            pass
    except aiosmtplib.SMTPAuthenticationError as error:
        how = "Look at the user name and password in GUILDHALL_SMTP_URL; signs like @ and / are written %40 and %2F."
        return [mend(SUBJECT, f"it refuses the name or the password: {words_of(error)}", how)]
    except (aiosmtplib.SMTPException, OSError, ssl.SSLError) as error:
        how = (
            "Look at GUILDHALL_SMTP_URL: smtp://…:587 for STARTTLS, smtps://…:465 for TLS at once. "
            "A CA of your own goes to GUILDHALL_CA_FILE."
        )
        return [mend(SUBJECT, words_of(error), how)]
    seen = "the server answers" + (" and takes our name and password" if has_name else "")
    return [ok(SUBJECT, f"{seen}; python -m app send-test-mail sends one")]
