"""What the forms of an organisation's sign-in may set."""

from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from app.accounts.schemas import Address
from app.i18n import lazy
from app.organisations.identity import ADDRESS
from app.web.forms import Input, Line, Lines, Problem, Tick
from app.web.versions import Version

MOST = 20
LONGEST_VALUE = 200


def _domains(typed: object) -> list[str]:
    """One a line, or with commas between, as they stand in addresses."""
    found = dict.fromkeys(one.lower().removeprefix("@") for one in _parts(typed))
    return [_domain(one) for one in found]


def _domain(text: str) -> str:
    try:
        address = str(ADDRESS.validate_python(f"somebody@{text}"))
    except ValueError:
        raise Problem(lazy("“%(domain)s” is not a domain. It looks like example.org.", domain=text)) from None
    return address.lower().rpartition("@")[2]


def _values(typed: object) -> list[str]:
    return list(dict.fromkeys(_parts(typed)))


def _parts(typed: object) -> list[str]:
    parts = [part.strip() for part in str(typed or "").replace(",", "\n").splitlines()]
    found = [part for part in parts if part]
    if len(found) > MOST or any(len(part) > LONGEST_VALUE for part in found):
        raise Problem(lazy("This is too long: at most %(count)s lines.", count=MOST))
    return found


class ProviderInput(Input):
    """An organisation's provider. An empty secret keeps the one that is there."""

    issuer: Annotated[Line, Field(min_length=1, max_length=300)]
    client_id: Annotated[Line, Field(min_length=1, max_length=300)]
    client_secret: Annotated[str, Field(max_length=500, repr=False)] = ""
    domains: Annotated[list[str], BeforeValidator(_domains), Field(min_length=1)]
    role_claim: Annotated[Line, Field(max_length=LONGEST_VALUE)] = ""
    admin_values: Annotated[list[str], BeforeValidator(_values), Field(default_factory=list)]
    host_values: Annotated[list[str], BeforeValidator(_values), Field(default_factory=list)]
    default_role: Literal["host", ""] = "host"
    version: Version = 1


class DomainInput(Input):
    """That a domain is the organisation's, and how the operator knows."""

    domain: Annotated[Line, Field(min_length=1, max_length=255)]
    proof: Annotated[Lines, Field(min_length=1, max_length=500)]


class VouchInput(Input):
    """What an operator says of the issuer as they saw it (its `version`)."""

    names_own_addresses: Tick = False
    name_is_address: Tick = False
    version: Version = 1


class RequireInput(Input):
    """Whether passwords still sign people in; `sure`: the warning was read."""

    required: Tick = False
    sure: Tick = False


class RemoveInput(Input):
    """That the provider is to go."""

    sure: Tick = False


class FindInput(Input):
    """Whose organisation?"""

    email: Address


def _non_empty(text: str) -> str:
    if not text:
        raise Problem(lazy("Fill this in."))
    return text


class LinkInput(Input):
    """An account and who someone is at a provider, signed by us."""

    link: Annotated[str, AfterValidator(_non_empty)]
