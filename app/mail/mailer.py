"""Mails are written here, in the reader's language, from one template each."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from app import clock, i18n, jobs
from app.mail.models import OutgoingMail, Refusal
from app.mail.plain import plain
from app.mail.reminders import KINDS
from app.templating import Templates


@dataclass(frozen=True)
class Then:
    """What the worker is to do once a mail was handed to the SMTP server: a task, with small arguments."""

    task: str
    args: dict[str, Any] = field(default_factory=dict)


class Mailer:
    """Writes mails from `templates/email/<name>/` in the reader's language."""

    def __init__(self, templates: Templates, unsubscribe: Callable[[int, str], str]) -> None:
        """`unsubscribe(user_id, kind)`: the address where somebody says that they want no more of a kind."""
        self._templates = templates
        self._unsubscribe = unsubscribe

    async def send(
        self,
        session: AsyncSession,
        to: str,
        mail: str,
        /,
        *,
        language: str,
        reader: int | None = None,
        reply_to: str | None = None,
        then: Then | None = None,
        **context: Any,
    ) -> None:
        """Queue `mail`, a folder of templates, to an address; it leaves only if this transaction is committed.

        A reminder (`app.mail.reminders`) has a `reader`, a user's number, and is not written if they want none.
        `reply_to`: where an answer goes, if not where the operator says. `then` is done once it was sent, and never
        if it cannot be.
        """
        unsubscribe = None
        if reader is not None and mail in KINDS:
            if await session.get(Refusal, (reader, KINDS[mail])) is not None:
                return
            unsubscribe = self._unsubscribe(reader, KINDS[mail])
        subject, html = self._render(mail, language, {"unsubscribe": unsubscribe, **context})
        now = clock.now()
        written = OutgoingMail(
            to=to,
            subject=subject,
            text=plain(html),
            html=html,
            created_at=now,
            next_try_at=now,
            then_task=then.task if then else None,
            then_args=then.args if then else None,
            mail=mail,
            reader_id=reader if unsubscribe else None,
            unsubscribe=unsubscribe,
            reply_to=reply_to,
        )
        session.add(written)
        await session.flush()
        await jobs.defer(session, "mail:deliver", mail_id=written.id)

    def _render(self, mail: str, language: str, context: dict[str, Any]) -> tuple[str, str]:
        """Subject and HTML, in this language."""
        before = i18n.spoken()
        i18n.speak(language)
        try:
            words = self._templates.render(f"email/{mail}/subject.txt", language=language, **context)
            subject = " ".join(words.split())
            html = self._templates.render(
                f"email/{mail}/body.html", language=language, subject=subject, **context
            )
        finally:
            i18n.speak(before)
        return subject, html
