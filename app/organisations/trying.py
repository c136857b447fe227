"""An admin tries the provider: the whole way there and back, without anybody being signed in by it."""

import structlog
from fastapi import Request, Response

from app.accounts.access import Viewer
from app.accounts.elsewhere import domain_of
from app.db import Database
from app.i18n import Text, lazy
from app.organisations.access import administered
from app.organisations.identity import Claims
from app.organisations.models import HostRole
from app.organisations.providers import Provider, domains_of, note_tried, roles_of
from app.organisations.sign_in_errors import WentWrongError, Why
from app.organisations.sign_in_words import HINTS, STEPS, WORDS
from app.organisations.trail import Step, Trail
from app.web.pages import go, page, path_of

log = structlog.get_logger()


async def tried(
    request: Request,
    database: Database,
    provider: Provider,
    viewer: Viewer | None,
    tried_by: int,
    claims: Claims,
    trail: Trail,
) -> Response:
    """They are back, still an admin, with an address of one of the domains: it works.

    It counts as tried only with an address of a confirmed domain: for the people of those it may be required then.
    """
    if viewer is None or viewer.id != tried_by:
        raise WentWrongError(Why.OVER)
    async with database.transaction() as session:
        place = await administered(session, provider.organisation.slug, viewer)
        domains = {one.domain: one for one in await domains_of(session, provider.row.id)}
        trail.note("email", claims.email)
        trail.begin(Step.DOMAIN)
        domain = domains.get(domain_of(claims.email))
        if domain is None:
            raise WentWrongError(Why.OTHER_DOMAIN, fact=domain_of(claims.email))
        path = path_of(request, "organisations.sign_in", slug=provider.organisation.slug)
        if domain.proven_at is None:
            said = lazy(
                "It works so far: the provider knows you as %(email)s. Try it once more when %(domain)s is "
                "confirmed.",
                email=claims.email,
                domain=domain.domain,
            )
            return go(request, path, say=said, kind="warn")
        # Tried is what was there when they left; who changes it meanwhile tries again.
        if not await note_tried(session, place.organisation, provider.row.version):
            raise WentWrongError(Why.OVER)
    log.info("sign_in.tried", organisation=provider.organisation.id, by=viewer.id)
    return go(request, path, say=_words(provider, viewer, claims))


async def show_trail(
    request: Request,
    database: Database,
    provider: Provider,
    viewer: Viewer,
    trail: Trail,
    error: WentWrongError,
) -> Response:
    """How far the try came, with what was seen on the way: to an admin of the organisation, who began it."""
    trail.fail(error)
    async with database.transaction() as session:
        place = await administered(session, provider.organisation.slug, viewer)
    return page(
        request,
        "organisations/sign_in_tried.html",
        403,
        place=place,
        trail=trail.lines,
        words=WORDS[error.why],
        steps=STEPS,
        hints=HINTS,
    )


def _words(provider: Provider, viewer: Viewer, claims: Claims) -> Text:
    values = {"email": claims.email, "own": viewer.email}
    if claims.email.lower() != viewer.email.lower():
        return lazy("It works. The provider knows you as %(email)s, this site as %(own)s.", **values)
    if not provider.row.role_claim:
        return lazy("It works. The provider knows you as %(email)s.", **values)
    match roles_of(provider.row, claims.values(provider.row.role_claim)):
        case HostRole.ADMIN:
            return lazy("It works. The provider knows you as %(email)s and makes you an admin.", **values)
        case HostRole.HOST:
            return lazy(
                "It works, but the provider makes you, %(email)s, a host and no admin. Look at the claim’s values.",
                **values,
            )
    return lazy(
        "It works, but the provider gives you, %(email)s, no role. Look at the claim’s values.", **values
    )
