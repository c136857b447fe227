"""The rules by which contributions earn a tier: operators make, change and retire them."""

from typing import Annotated, Any

import structlog
from fastapi import APIRouter, Request, Response
from pydantic import BeforeValidator, Field
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.contributions.access import Bookkeeping, Deciding
from app.contributions.models import GrantRule, What
from app.contributions.rules import YEAR, all_rules, find_rule, retire_rule
from app.contributions.schemas import Id, cents_of
from app.contributions.words import WHATS, rule_words
from app.db import Session
from app.i18n import gettext as _
from app.i18n import lazy
from app.memberships.models import Tier
from app.memberships.shipped import FREE
from app.web.forms import Form, Input, Tick, read_form
from app.web.pages import go, page, path_of
from app.web.versions import Change, Version, changed_meanwhile

router = APIRouter(prefix="/ledger/rules")
log = structlog.get_logger()
LONGEST = 10 * YEAR


class RuleInput(Input):
    """A rule; `money` to `other`: only contributions of these kinds count, none ticked: any."""

    tier: Id
    amount: Annotated[int, BeforeValidator(lambda value: cents_of(str(value)))]
    within_days: Annotated[int, Field(ge=1, le=LONGEST)]
    days: Annotated[int, Field(ge=1, le=LONGEST)]
    money: Tick = False
    hours: Tick = False
    server: Tick = False
    other: Tick = False
    first_year_only: Tick = False
    needs_commitment: Tick = False
    automatic: Tick = False
    version: Version = 1

    def put_on(self, rule: GrantRule) -> None:
        """Write it to a row."""
        only = [str(what) for what in What if getattr(self, what)]
        rule.tier_id, rule.cents = self.tier, self.amount
        rule.within_days, rule.days = self.within_days, self.days
        rule.whats = {"only": only} if 0 < len(only) < len(What) else None
        rule.first_year_only, rule.needs_commitment = self.first_year_only, self.needs_commitment
        rule.automatic = self.automatic


@router.get("", name="contributions.rules")
async def index(request: Request, session: Session, viewer: Bookkeeping) -> Response:
    """All of them, each in one sentence."""
    del viewer
    rules = [(rule, tier, rule_words(rule, tier.name)) for rule, tier in await all_rules(session)]
    return page(request, "contributions/rules.html", rules=rules)


@router.get("/new", name="contributions.new_rule")
async def new(request: Request, session: Session, viewer: Deciding) -> Response:
    """The form for a new one."""
    del viewer
    values = {"within_days": str(YEAR), "days": str(YEAR)}
    return await _page(request, session, None, Form(values=values))


@router.post("/new", name="contributions.make_rule")
async def make(request: Request, session: Session, viewer: Deciding) -> Response:
    """Make it."""
    form = await _read(request, session)
    if form.value is None:
        return await _page(request, session, None, form, 422)
    rule = GrantRule()
    form.value.put_on(rule)
    session.add(rule)
    await session.flush()
    log.info("rule.made", rule=rule.id, operator=viewer.id)
    return _done(request, lazy("Saved. It is asked after the next confirmation, and every night."))


@router.get("/{rule_id:int}", name="contributions.rule")
async def show(request: Request, session: Session, viewer: Deciding, rule_id: int) -> Response:
    """The form of one."""
    del viewer
    rule = await find_rule(session, rule_id)
    return await _page(request, session, rule, Form(values=_values(rule)))


@router.post("/{rule_id:int}", name="contributions.change_rule")
async def change(request: Request, session: Session, viewer: Deciding, rule_id: int) -> Response:
    """Change it; what it has granted stays."""
    rule = await find_rule(session, rule_id)
    form = await _read(request, session)
    changes = changed_meanwhile(form, rule.version, _values(rule))
    if form.value is None:
        return await _page(request, session, rule, form, 422 if changes is None else 409, changes)
    form.value.put_on(rule)
    rule.version += 1
    await session.flush()
    log.info("rule.changed", rule=rule.id, operator=viewer.id)
    return _done(request, lazy("Saved. It is asked after the next confirmation, and every night."))


@router.post("/{rule_id:int}/retire", name="contributions.retire_rule")
async def retire(request: Request, session: Session, viewer: Deciding, rule_id: int) -> Response:
    """Ask it no more."""
    await retire_rule(session, rule_id)
    log.info("rule.retired", rule=rule_id, operator=viewer.id)
    return _done(request, lazy("The rule is retired. What it granted stays."))


async def _read(request: Request, session: AsyncSession) -> Form[RuleInput]:
    form = await read_form(request, RuleInput)
    if form.value is not None:
        if form.value.tier not in {tier.id for tier in await _tiers(session)}:
            form.fail("tier", lazy("Choose one of the options."))
        elif form.value.automatic and form.value.needs_commitment:
            form.fail(
                "automatic", lazy("Whether someone helps to run the service is for an operator to say.")
            )
    return form


async def _tiers(session: AsyncSession) -> list[Tier]:
    found = select(Tier).where(Tier.key != FREE, Tier.retired_at.is_(None)).order_by(Tier.position)
    return list(await session.scalars(found))


def _values(rule: GrantRule) -> dict[str, str]:
    only = (rule.whats or {}).get("only", [])
    ticks = {str(what): what in only for what in What}
    ticks |= {name: getattr(rule, name) for name in ("first_year_only", "needs_commitment", "automatic")}
    return {
        "tier": str(rule.tier_id),
        "amount": f"{rule.cents / 100:.2f}",
        "within_days": str(rule.within_days),
        "days": str(rule.days),
        "version": str(rule.version),
        **{name: "yes" for name, ticked in ticks.items() if ticked},
    }


async def _page(
    request: Request,
    session: AsyncSession,
    rule: GrantRule | None,
    form: Form[Any],
    status: int = 200,
    changes: list[Change] | None = None,
) -> Response:
    return page(
        request,
        "contributions/rule.html",
        status,
        rule=rule,
        form=form,
        changes=changes,
        tiers=[(str(tier.id), _(tier.name)) for tier in await _tiers(session)],
        whats=[(str(key), str(word)) for key, word in WHATS.items()],
    )


def _done(request: Request, said: Any) -> Response:
    return go(request, path_of(request, "contributions.rules"), say=said)
