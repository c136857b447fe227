"""Errors as the API documents them, and the one that only the API has."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from app.accounts.scopes import Scope
from app.errors import ForbiddenError, GuildhallError
from app.i18n import lazy
from app.i18n import marked as _


class OtherMethodError(GuildhallError):
    """The address exists, and not for this method."""

    status = 405
    code = "method_not_allowed"
    title = lazy("This address takes another method")
    message = lazy("The header Allow of this answer names the methods it takes.")

    def __init__(self, allowed: set[str]) -> None:
        self._allowed = allowed
        super().__init__()

    def headers(self) -> dict[str, str]:
        """What may be done here."""
        return {"allow": ", ".join(sorted(self._allowed))}


class ScopeMissingError(ForbiddenError):
    """The token is good, and not made for this."""

    code = "scope_missing"
    title = lazy("This token may not do that")

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        super().__init__(lazy("It lacks the scope “%(scope)s”. Make a token that has it.", scope=scope.value))

    def headers(self) -> dict[str, str]:
        """Which scope it takes (RFC 6750, 3.1)."""
        challenge = f'Bearer realm="api", error="insufficient_scope", scope="{self._scope.value}"'
        return {"www-authenticate": challenge}

    def facts(self) -> dict[str, Any]:
        """The same for programs."""
        return {"scope": self._scope.value}


class Tier(BaseModel):
    """A tier that has more of what was refused."""

    tier: str = Field(description=_("The name of the tier."))
    how_to_get: str = Field(description=_("What it has, and how one gets it, in a sentence."))


class Problem(BaseModel):
    """What went wrong. Branch on `code`; show `title` and `message` to people: they are in the owner's language."""

    model_config = ConfigDict(extra="allow")

    code: str = Field(description=_("A word for programs. It never changes."))
    title: str = Field(description=_("What went wrong, for people."))
    message: str = Field(description=_("What to do next, for people."))
    scope: str | None = Field(None, description=_("With scope_missing: the scope that the call takes."))
    fields: dict[str, str] = Field({}, description=_("With 422: what is wrong, by field."))
    reason: str | None = Field(None, description=_("With a refused limit: which rule refused it."))
    limit: int | None = Field(None, description=_("With a refused limit: how much there is of it."))
    used: int | None = Field(None, description=_("With a refused limit: how much is used."))
    asked: int | None = Field(None, description=_("With a refused limit: how much was asked for."))
    frees_at: str | None = Field(
        None, description=_("With a refused limit: when it frees up, RFC 3339; null if nobody knows.")
    )
    explanation: list[str] = Field(
        [], description=_("With a refused limit: the sentences that the page shows.")
    )
    what_helps: list[str] = Field([], description=_("With a refused limit: what can be done now."))
    tiers_with_more: list[Tier] = Field(
        [], description=_("With a refused limit: which tiers have more of it.")
    )


class Error(BaseModel):
    """The answer of every call that did not work."""

    error: Problem


WORDS = {
    400: _("The body is broken: it is not UTF-8."),
    401: _("No token, or one that is unknown, revoked or over."),
    403: _(
        "You may not do this: the token lacks the scope, the room has other hosts, you are no admin of the "
        "organisation, your account is closed or not verified."
    ),
    404: _("There is no such thing, or none that you may see."),
    409: _("It cannot be done now: a limit refuses it, or things are in another state. The code says which."),
    410: _("The room was deleted."),
    413: _("The body is larger than 64 kB."),
    422: _("Something in the body or the query is not as it needs to be; “fields” says what."),
    429: _("Too many calls with this token. Retry-After says how many seconds to wait."),
    503: _("The meeting server or the database does not answer. Try again after Retry-After seconds."),
}
Responses = dict[int | str, dict[str, Any]]


def fails_with(*statuses: int) -> Responses:
    """The errors that a call documents."""
    return {status: {"model": Error, "description": WORDS[status]} for status in statuses}


EVERY_CALL = fails_with(401, 403, 422, 429, 503)
WITH_BODY = fails_with(400, 413)
