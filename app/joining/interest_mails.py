"""Mails about an expression of interest, in the applicant's language."""

from fastapi import Request
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.models import User
from app.joining.models import Interest
from app.mail import Mailer
from app.web.pages import address_of


async def send_confirmation(
    session: AsyncSession, request: Request, email: str, language: str, token: str
) -> None:
    """Is this address yours? No word of it was typed by whoever causes it."""
    link = address_of(request, "joining.show", token=token)
    await _mailer(request).send(session, email, "interest_confirm", language=language, link=link)


async def tell_operators(session: AsyncSession, request: Request, interest: Interest) -> None:
    """Somebody wants to join: to every operator."""
    operators = select(User.id, User.email, User.language).where(
        User.is_operator, User.banned_at.is_(None), User.verified_at.is_not(None)
    )
    link = address_of(request, "admin.interest", interest_id=interest.id)
    for user_id, email, language in await session.execute(operators):
        await _mailer(request).send(
            session,
            email,
            "interest_new",
            language=language,
            reader=user_id,
            # An answer goes to whoever wants to join.
            reply_to=interest.email,
            name=interest.name,
            link=link,
        )


async def send_answer(
    session: AsyncSession, request: Request, interest: Interest, *, link: str | None
) -> None:
    """What the operators have decided, with their word; `link`: where an accepted one goes on."""
    await _mailer(request).send(
        session,
        interest.email,
        "interest_accepted" if interest.organisation_id is not None else "interest_declined",
        language=interest.language,
        name=interest.name,
        answer=interest.answer,
        link=link,
    )


def _mailer(request: Request) -> Mailer:
    mailer: Mailer = request.app.state.mailer
    return mailer
