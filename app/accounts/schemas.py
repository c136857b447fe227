"""What the forms of an account may set."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, ValidationInfo, field_validator

from app.accounts.passwords import MAX_LENGTH, weakness
from app.accounts.scopes import Scope
from app.accounts.zones import UTC, Zone
from app.addresses import (
    LetterBeforeAtError,
    NotAnAddressError,
    ReservedDomainError,
    stored_form,
    tidy_address,
)
from app.i18n import LANGUAGES, lazy
from app.web.forms import Input, Line, Problem, Tick

NAME_LENGTH = 80
ADDRESS_LENGTH = 254
TOKEN_NAME_LENGTH = 60


_NO_ADDRESS = lazy("This is not an e-mail address. It looks like name@example.org.")


def _address(text: str) -> str:
    """The address as mail servers write it: the domain in ASCII, which is also how it is compared."""
    try:
        return tidy_address(text)
    except LetterBeforeAtError:
        raise Problem(
            lazy("Our mail can’t reach addresses with letters like é or ü before the @. Use another one.")
        ) from None
    except ReservedDomainError:
        raise Problem(lazy("No mail arrives at a domain like this one. Use another address.")) from None
    except NotAnAddressError:
        raise Problem(_NO_ADDRESS) from None


def _language(code: str) -> str:
    if code not in LANGUAGES:
        raise Problem(lazy("Choose one of the options."))
    return code


def _filled(longest: int) -> AfterValidator:
    """Something, and not more than `longest` characters of it."""

    def check(text: str) -> str:
        if not text:
            raise Problem(lazy("Fill this in."))
        if len(text) > longest:
            raise Problem(lazy("This is too long: at most %(count)s characters.", count=longest))
        return text

    return AfterValidator(check)


Address = Annotated[Line, AfterValidator(_address)]
Name = Annotated[Line, _filled(NAME_LENGTH)]
Language = Annotated[str, AfterValidator(_language)]
# Never in a repr: those end up in logs.
NewPassword = Annotated[str, Field(repr=False)]
Password = Annotated[str, _filled(MAX_LENGTH), Field(repr=False)]


class SignUp(Input):
    """A new account. The password comes last, since it is held against the name and the address."""

    name: Name
    email: Address
    time_zone: Zone = UTC
    password: NewPassword

    @field_validator("password")
    @classmethod
    def _good(cls, value: str, info: ValidationInfo) -> str:
        known = (info.data.get("name", ""), info.data.get("email", ""))
        if (problem := weakness(value, *known)) is not None:
            raise Problem(problem)
        return value


class SignIn(Input):
    """Who one is; what is not an address is simply not known."""

    email: Annotated[Line, _filled(ADDRESS_LENGTH), AfterValidator(stored_form)]
    password: Password


class Forgotten(Input):
    """Whose password is forgotten."""

    email: Address


class KnownPassword(Input):
    """The password that was chosen for the account, where a link alone is not enough."""

    password: Password


class SetPassword(Input):
    """A new password, by the link of a mail."""

    new_password: NewPassword


class ChangePassword(Input):
    """A new password instead of the present one."""

    password: Password
    new_password: NewPassword
    end_tokens: Tick = False


class ChangeAddress(Input):
    """Another e-mail address, asked for with the password."""

    email: Address
    password: Password


class Profile(Input):
    """How someone is called, spoken to, and at what time."""

    name: Name
    language: Language
    time_zone: Zone


class NewToken(Input):
    """An API token: what it is for, what it may do, and for how many days it holds."""

    name: Annotated[Line, _filled(TOKEN_NAME_LENGTH)]
    days: Literal["7", "30", "90", "365", "never"] = "90"
    scope_read: Tick = False
    scope_rooms: Tick = False
    scope_organisation: Tick = False

    @property
    def scopes(self) -> frozenset[Scope]:
        """Those that were ticked."""
        return frozenset(scope for scope in Scope if getattr(self, f"scope_{scope.value}"))


class Farewell(Input):
    """The deletion of one's account; who has no password of their own leaves it empty."""

    password: Annotated[str, Field(repr=False, max_length=MAX_LENGTH)] = ""
    word: Line
