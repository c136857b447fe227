"""`python -m app send-test-mail`: one mail, with everything that is said on the way."""

from html import escape

from app import clock
from app.mail.faults import NotSentError
from app.mail.models import OutgoingMail
from app.mail.smtp import Conversation, Hear
from app.settings import Settings

WORDS = "This is a test mail of {site}. It was sent by “python -m app send-test-mail”, and nobody has to do anything."


async def send_test_mail(settings: Settings, address: str, hear: Hear) -> bool:
    """Send a test mail at once, without the database; `hear` is told each step. True: the server took it."""
    now = clock.now()
    words = WORDS.format(site=settings.site_name)
    mail = OutgoingMail(
        id=0,
        to=address,
        subject=f"Test mail of {settings.site_name}",
        text=words + "\n",
        html=f'<!DOCTYPE html>\n<html lang="en"><title>Test</title><p>{escape(words)}</p></html>\n',
        created_at=now,
    )
    try:
        await Conversation(settings, hear).send(mail)
    except NotSentError as error:
        hear(f"not sent ({error.reason})", error.words)
        return False
    return True
