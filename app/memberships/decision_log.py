"""The log of decisions: what was granted and refused to a holder, kept 30 days, without names of people."""

import json
from datetime import timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, bindparam, delete, text
from sqlalchemy.ext.asyncio import AsyncSession

from app import clock
from app.memberships.models import LoggedDecision
from quotas.decisions import Refused

KEPT = timedelta(days=30)
# A page that waits asks again and again: within this it is told of once, with how often it was.
AGAIN = timedelta(hours=1)


class Question(StrEnum):
    """What was asked for."""

    START_MEETING = "start_meeting"
    CREATE_ROOM = "create_room"
    HAND_OVER_ROOM = "hand_over_room"
    JOIN_MEETING = "join_meeting"
    ADD_HOST = "add_host"


# Waited for by pages, so asked again and again.
REPEATED = {Question.JOIN_MEETING}

# One statement that waits for nobody: a holder that is being deleted at this moment is passed over, and so is a row
# that someone else is counting up (then there are two).
_REFUSED = text("""
    WITH again AS (
        UPDATE decisions SET times = times + 1, at = :now, limit_value = :limit, used = :used, asked = :asked
        WHERE id = (
            SELECT id FROM decisions
            WHERE holder_id = :holder AND :repeated AND at > :since AND NOT granted
              AND question = :question AND subject = :subject AND reason = :reason
            ORDER BY id DESC LIMIT 1 FOR UPDATE SKIP LOCKED
        )
        RETURNING id
    ), holder AS (
        SELECT id FROM holders WHERE id = :holder FOR KEY SHARE SKIP LOCKED
    )
    INSERT INTO decisions (holder_id, at, question, subject, granted, reason, limit_value, used, asked)
    SELECT id, :now, :question, :subject, false, :reason, :limit, :used, :asked
    FROM holder WHERE NOT EXISTS (SELECT FROM again)
""").bindparams(*(bindparam(name, type_=BigInteger) for name in ("holder", "limit", "used", "asked")))


# Of a grant, in the transaction of what was granted; part of a larger statement where each of them counts.
GRANTED = """
    INSERT INTO decisions (holder_id, at, question, subject, granted, terms)
    VALUES (:holder, :now, :question, :subject, true, CAST(:terms AS jsonb))
"""
_GRANTED = text(GRANTED)


async def note_granted(
    session: AsyncSession,
    holder_id: int,
    question: Question,
    subject: str,
    terms: dict[str, Any] | None = None,
) -> None:
    """Log a grant, in the transaction of what was granted; the holder is held, so this waits for nobody.

    `subject` is the room or organisation by its name, never a person; `terms` are what a meeting started with.
    """
    noted = {"holder": holder_id, "now": clock.now(), "question": question, "subject": subject}
    await session.execute(_GRANTED, noted | {"terms": None if terms is None else json.dumps(terms)})


async def note_refused(
    session: AsyncSession, holder_id: int, question: Question, subject: str, refused: Refused
) -> None:
    """Log a refusal that is returned, not raised: a RefusedError does so itself when its transaction is undone.

    A question that pages repeat is logged once an hour, with how often it was asked.
    """
    now = clock.now()
    await session.execute(
        _REFUSED,
        {
            "holder": holder_id,
            "now": now,
            "since": now - AGAIN,
            "repeated": question in REPEATED,
            "question": question,
            "subject": subject,
            "reason": refused.reason,
            "limit": refused.limit,
            "used": refused.used,
            "asked": refused.asked,
        },
    )


async def forget_old(session: AsyncSession) -> None:
    """Forget what was decided more than 30 days ago."""
    await session.execute(delete(LoggedDecision).where(LoggedDecision.at < clock.now() - KEPT))
