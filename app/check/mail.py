"""The SMTP server: reached, its certificate believed, the name and password taken. No mail is sent."""

from app.check.findings import Finding, look, mend, ok
from app.mail.faults import NotSentError, Reason
from app.mail.smtp import Conversation
from app.settings import Settings

SUBJECT = "Mail"
HOW = {
    Reason.LOGIN: "Look at the user name and password in GUILDHALL_SMTP_URL; @ and / are written %40 and %2F there.",
    Reason.UNTRUSTED: "A CA of your own goes to GUILDHALL_CA_FILE; GUILDHALL_SMTP_URL has the certificate's name.",
}
ADDRESS = "Look at GUILDHALL_SMTP_URL: smtp://…:587 for STARTTLS, smtps://…:465 for TLS at once."


async def check_mail(settings: Settings) -> list[Finding]:
    """Connect and sign in as the worker does for every mail."""
    if not settings.smtp_url.get_secret_value():
        how = "Set GUILDHALL_SMTP_URL and GUILDHALL_MAIL_FROM: accounts are verified by mail."
        return [look(SUBJECT, "no server is set: mail goes to port 25 of this machine", how)]
    conversation = Conversation(settings)
    try:
        await conversation.look()
    except NotSentError as error:
        said = f"it refuses the name or the password: {error.words}"
        words = said if error.reason is Reason.LOGIN else error.words
        return [mend(SUBJECT, words, HOW.get(error.reason, ADDRESS))]
    seen = "the server answers" + (
        " and takes our name and password" if conversation.user is not None else ""
    )
    return [ok(SUBJECT, f"{seen}; python -m app send-test-mail sends one")]
