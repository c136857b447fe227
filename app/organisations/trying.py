"""An admin tries the provider: the whole way there and back, without anybody being signed in by it."""

import structlog
from fastapi import Request, Response

from app.accounts.access import Viewer
from app.accounts.elsewhere import domain_of
from app.db import Database
from app.i18n import Text, lazy
from app.organisations.access import administered
from app.organisations.models import HostRole
from app.organisations.openid import Claims, WentWrongError, Why
from app.organisations.providers import Provider, domains_of, note_tried, roles_of
from app.web.pages import go, path_of

log = structlog.get_logger()


async def tried(
    request: Request,
    database: Database,
    provider: Provider,
    viewer: Viewer | None,
    tried_by: int,
    claims: Claims,
) -> Response:
    """They are back, still an admin, with an address of one of the domains: it works.

    It counts as tried only with an address of a confirmed domain: for the people of those it may be required then.
    """
    if viewer is None or viewer.id != tried_by:
        raise WentWrongError(Why.OVER)
    async with database.transaction() as session:
        place = await administered(session, provider.organisation.slug, viewer)
        domains = {one.domain: one for one in await domains_of(session, provider.row.id)}
        domain = domains.get(domain_of(claims.email))
        if domain is None:
            raise WentWrongError(Why.OTHER_DOMAIN)
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
