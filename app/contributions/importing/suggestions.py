"""Whose a payment could be, for whoever matches it by hand: the likeliest first, each with why."""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.models import User
from app.contributions.contributors import find_contributors
from app.contributions.importing.matching import real_holders, remembered
from app.contributions.importing.names import names_agree, shared_words, words_of
from app.contributions.importing.payments import Payment
from app.contributions.importing.references import hints_in, is_check
from app.contributions.models import ImportLine, LineState, MatchedBy
from app.contributions.owed import owing
from app.i18n import Text, lazy
from app.memberships.models import Holder
from app.organisations.models import Organisation
from app.web.lists import tidy
from app.web.pagination import Page

MOST = 8
_MOST_NAMED, _MOST_OF_A_SUM = 40, 5
_MAIL = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63})+")
_REFERENCE = (100, lazy("Their reference is on it."))
_MAILED = (90, lazy("Their email address is on it."))
_BEFORE = (70, lazy("This account was matched with them before."))
_UNDER_ANOTHER_NAME = (30, _BEFORE[1])
_NAMED_BEFORE = (60, lazy("This name was matched with them before."))
_NAME = (60, lazy("It’s their name."))
_PART = (20, lazy("Part of the name is theirs."))
_CUT = (45, lazy("Their reference could be on it, cut off or with a slip in it."))
_PLEDGED = (25, lazy("They pledged just this sum."))
_DUE = (20, lazy("It’s the price of their membership, or what’s left of it."))


@dataclass(frozen=True)
class Suggestion:
    """A holder whose a payment could be. `differs`: the name on the payment is another one."""

    holder_id: int
    name: str
    kind: str
    detail: str
    """the mail address of a person, the address of an organisation"""
    reasons: Sequence[Text]
    differs: bool


@dataclass
class _Points:
    """What speaks for each holder."""

    reasons: dict[int, list[tuple[int, Text]]] = field(default_factory=lambda: defaultdict(list))

    def give(self, holder_ids: Iterable[int], reason: tuple[int, Text], times: int = 1) -> None:
        for holder_id in holder_ids:
            self.reasons[holder_id].append((reason[0] * times, reason[1]))

    def best(self) -> list[int]:
        """The holders with the most points."""
        total = {holder_id: sum(points for points, _ in said) for holder_id, said in self.reasons.items()}
        return sorted(total, key=lambda holder_id: (-total[holder_id], holder_id))[: 2 * MOST]

    def suggestion(self, payer_name: str, holder_id: int, name: str, kind: str, detail: str) -> Suggestion:
        """One of them, the weightiest reason first."""
        reasons = [words for _, words in sorted(self.reasons[holder_id], key=lambda each: -each[0])]
        return Suggestion(holder_id, name, kind, detail, reasons, not names_agree(payer_name, name))


async def suggestions_for(
    session: AsyncSession, payment: Payment | ImportLine, cents: int | None, others: Sequence[int] = ()
) -> list[Suggestion]:
    """Whose it could be, in a fixed number of statements. `cents`: its value in EUR, if that is known.

    `others`: whom the rules found, and did not decide for.
    """
    points = _Points()
    await _by_reference(session, points, f"{payment.reference} {payment.payer_name}")
    await _by_mail(session, points, f"{payment.reference} {payment.payer_name} {payment.payer_email}")
    await _by_payer(session, points, payment)
    await _by_name(session, points, payment.payer_name or payment.reference)
    if cents is not None:
        points.give(await _pledged(session, cents), _PLEDGED)
        points.give(await owing(session, cents, _MOST_OF_A_SUM), _DUE)
    for other in others:
        points.reasons[other] = points.reasons[other] or [(10, lazy("It could be theirs."))]
    best = points.best()
    holders = await _details(session, best)
    return [points.suggestion(payment.payer_name, *holders[one]) for one in best if one in holders][:MOST]


@dataclass(frozen=True)
class People:
    """Whom a payment can be given to: `suggestions`, or those who were searched for."""

    suggestions: Sequence[Suggestion] = ()
    found: Page[Suggestion] | None = None
    search: str = ""


async def people_for(
    session: AsyncSession,
    payment: Payment | ImportLine,
    cents: int | None,
    others: Sequence[int] = (),
    *,
    search: str | None = None,
    number: int = 1,
) -> People:
    """The suggestions while nobody has searched (`search` None); else, and where there are none, a page of a list."""
    wanted = tidy(search or "")
    if search is None:
        suggestions = await suggestions_for(session, payment, cents, others)
        if suggestions:
            return People(suggestions)
    found = await find_contributors(session, wanted, number)
    people = [
        Suggestion(
            row.id,
            row.name,
            row.kind,
            row.email or row.slug or "",
            reasons=(),
            differs=not names_agree(payment.payer_name, row.name),
        )
        for row in found.items
    ]
    return People(found=Page(people, found.number, found.total, found.size), search=wanted)


async def _by_reference(session: AsyncSession, points: _Points, said: str) -> None:
    hints = hints_in(said)
    sure = await real_holders(session, hints.sure)
    points.give(sure, _REFERENCE)
    maybe = await real_holders(session, hints.maybe - sure)
    for check, begin in [] if sure else hints.cut:
        # The check digits are left: of those whose numbers begin like this, every hundredth fits them.
        like = text("CAST(id AS text) LIKE :begin AND name <> ''").bindparams(begin=f"{begin}_%")
        numbers = await session.scalars(select(Holder.id).where(like).order_by(Holder.id).limit(5_000))
        maybe |= set([one for one in numbers if is_check(check, one)][:_MOST_OF_A_SUM])
    points.give(maybe, _CUT)


async def _by_mail(session: AsyncSession, points: _Points, said: str) -> None:
    mails = sorted({one.lower() for one in _MAIL.findall(said)})[:10]
    if not mails:
        return
    people = select(User.holder_id).where(func.lower(User.email).in_(mails))
    organisations = select(Organisation.holder_id).where(func.lower(Organisation.contact).in_(mails))
    found = set(await session.scalars(people)) | set(await session.scalars(organisations))
    points.give(await real_holders(session, found), _MAILED)


async def _by_payer(session: AsyncSession, points: _Points, payment: Payment | ImportLine) -> None:
    before = await remembered(session, {payment.payer_key} - {""})
    for one in before.values():
        # Under another name than before, the account says less than the name.
        weight = _BEFORE if one.is_called(payment.payer_name) else _UNDER_ANOTHER_NAME
        points.give([one.holder_id], weight)
    if not payment.payer_name:
        return
    named = select(ImportLine.holder_id).where(
        func.lower(ImportLine.payer_name) == payment.payer_name.lower(),
        ImportLine.matched_by == MatchedBy.HAND,
        ImportLine.state == LineState.MATCHED,
    )
    found = {one for one in await session.scalars(named.distinct().limit(_MOST_OF_A_SUM)) if one is not None}
    points.give(await real_holders(session, found), _NAMED_BEFORE)


async def _by_name(session: AsyncSession, points: _Points, name: str) -> None:
    words = [word for word in words_of(name) if len(word) > 1][:10]
    if not words:
        return
    patterns = [f"%{word}%" for word in words]
    for row in await session.execute(_NAMES, {"patterns": patterns, "most": _MOST_NAMED}):
        if names_agree(name, row.name):
            points.give([row.id], _NAME)
        elif shared := shared_words(words, words_of(row.name)):
            points.give([row.id], _PART, min(2, len(shared)))


# `names.folded` in SQL: decomposed, without accents, the letters that nothing takes apart, umlauts as plain letters.
_FOLDED = r"""replace(replace(replace(replace(replace(lower(translate(
    regexp_replace(normalize(name, NFKD), '[\u0300-\u036f]', '', 'g'), 'ØøŁłĐđıœŒ', 'OolldDioO')),
    'ß', 'ss'), 'ae', 'a'), 'oe', 'o'), 'ue', 'u'), 'aa', 'a')"""
_NAMES = text(f"""
    SELECT id, name FROM (SELECT id, name, {_FOLDED} AS folded FROM holders WHERE name <> '') h
    WHERE folded LIKE ANY(:patterns)
    ORDER BY (SELECT count(*) FROM unnest(CAST(:patterns AS text[])) AS pattern WHERE folded LIKE pattern) DESC, id
    LIMIT :most
""")  # noqa: S608  nothing of it was typed

_PLEDGES = text("""
    SELECT DISTINCT p.contributor_id FROM ledger_entries p
    WHERE p.kind = 'pledge' AND p.what = 'money' AND p.cents >= :cents
      AND NOT EXISTS (SELECT FROM ledger_entries r WHERE r.reverses_id = p.id)
      AND p.cents - coalesce((
        SELECT sum(e.cents) FROM ledger_entries e
        WHERE e.confirms_id = p.id AND NOT EXISTS (SELECT FROM ledger_entries r WHERE r.reverses_id = e.id)
      ), 0) = :cents
    ORDER BY p.contributor_id LIMIT :most
""")


async def _pledged(session: AsyncSession, cents: int) -> list[int]:
    return list(await session.scalars(_PLEDGES, {"cents": cents, "most": _MOST_OF_A_SUM}))


async def _details(session: AsyncSession, holder_ids: Sequence[int]) -> dict[int, tuple[int, str, str, str]]:
    found = (
        select(Holder.id, Holder.name, Holder.kind, func.coalesce(User.email, Organisation.slug, ""))
        .outerjoin(User, User.holder_id == Holder.id)
        .outerjoin(Organisation, Organisation.holder_id == Holder.id)
        .where(Holder.id.in_(holder_ids), Holder.name != "")
    )
    return {row[0]: (row[0], row[1], row[2], row[3]) for row in await session.execute(found)}
