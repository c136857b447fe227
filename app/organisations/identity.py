"""Who it is: subject, address and name, of what a provider says and we have checked."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter, ValidationError

from app.accounts.schemas import Address
from app.organisations.sign_in_errors import Hint, WentWrongError, Why

LONGEST = 255
ADDRESS = TypeAdapter(Address)
# What people sign in with there: at Entra ID and ADFS it looks like an address, and often is one.
NAMES = ("preferred_username", "upn")
# Who is in too many groups: Entra ID says only where to ask for them.
LEFT_OUT = ("_claim_names", "hasgroups")


@dataclass(frozen=True)
class Vouched:
    """What an operator says of an issuer that says less than others: Entra ID, ADFS."""

    names_own_addresses: bool = False
    """it names only addresses of its own directory, so that one counts though it does not say that it is verified"""
    name_is_address: bool = False
    """where it sends no address, the name that people sign in with is one"""


@dataclass(frozen=True)
class Claims:
    """Who it is, as the provider says and we have checked."""

    subject: str
    email: str
    name: str
    said: Mapping[str, Any]

    def values(self, claim: str) -> set[str]:
        """The values of a claim, one or a list; `realm_access.roles` looks into a claim of claims."""
        found: Any = self.said.get(claim)
        if found is None and "." in claim:
            found = self.said
            for part in claim.split("."):
                found = found.get(part) if isinstance(found, Mapping) else None
        return {str(one) for one in (found if isinstance(found, list) else [found]) if one is not None}

    def is_left_out(self, claim: str) -> bool:
        """Whether the provider has values of this claim and did not send them, since they are too many."""
        elsewhere = self.said.get("_claim_names")
        return claim not in self.said and (
            (isinstance(elsewhere, Mapping) and claim in elsewhere)
            or (claim == "groups" and self.said.get("hasgroups") in {True, "true"})
        )


def identity_of(said: Mapping[str, Any], vouched: Vouched) -> Claims:
    """Who it is. Raises WentWrongError where there is no subject, no address, or one that does not count."""
    subject = said.get("sub")
    if not isinstance(subject, str) or not 0 < len(subject) <= LONGEST:
        raise WentWrongError(Why.TOKEN, Hint.CLAIM, "sub")
    address, is_name = _address(said, vouched)
    _counts(said, vouched, is_name=is_name)
    return Claims(subject, address, _name(said), said)


def _address(said: Mapping[str, Any], vouched: Vouched) -> tuple[str, bool]:
    """The address, and whether it is the name that they sign in with."""
    email = said.get("email")
    if email:
        return _valid(email, Hint.ADDRESS_SHAPE), False
    names = [said[name] for name in NAMES if said.get(name)]
    if not names:
        raise WentWrongError(Why.NO_ADDRESS, Hint.NOTHING_MORE)
    if not vouched.name_is_address:
        raise WentWrongError(Why.NO_ADDRESS, Hint.NAME_IS_NO_ADDRESS)
    for name in names[:-1]:
        try:
            return _valid(name, Hint.ADDRESS_SHAPE), True
        except WentWrongError:
            continue
    return _valid(names[-1], Hint.ADDRESS_SHAPE), True


def _valid(text: object, hint: Hint) -> str:
    try:
        return ADDRESS.validate_python(text)
    except ValidationError:
        raise WentWrongError(Why.NO_ADDRESS, hint) from None


def _counts(said: Mapping[str, Any], vouched: Vouched, *, is_name: bool) -> None:
    """Whether the address is known to be theirs. What is said of it holds; silence does where an operator vouches.

    `email_verified` speaks of `email` (OpenID Connect Core 1.0, 5.1), never of the name.
    """
    verified = said.get("email_verified")
    if verified is not None and verified is not True and verified != "true":  # some write it as a text
        raise WentWrongError(Why.UNVERIFIED, Hint.SAID_FALSE)
    if (verified is None or is_name) and not vouched.names_own_addresses:
        raise WentWrongError(Why.UNVERIFIED, Hint.NOT_SAID)


def _name(said: Mapping[str, Any]) -> str:
    """What they are called, perhaps in two parts; empty where it is not said."""
    whole, *parts = (said.get(claim) for claim in ("name", "given_name", "family_name"))
    if isinstance(whole, str) and whole.strip():
        return whole
    return " ".join(part.strip() for part in parts if isinstance(part, str) and part.strip())
