"""What an expression of interest may say."""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from app.accounts.schemas import ADDRESS_LENGTH, Address
from app.contributions.schemas import LINK_LENGTH, Cents, Id, web_link
from app.i18n import lazy
from app.joining.models import Interest
from app.web.forms import Input, Line, Lines, Problem, Tick
from app.web.versions import Version

NAME_LENGTH, WORDS_LENGTH = 80, 2000
MOST = 1_000_000


def _or_none(value: object) -> object:
    return None if isinstance(value, str) and not value.strip() else value


def _given(text: str) -> str:
    if not text:
        raise Problem(lazy("Fill this in."))
    return text


Name = Annotated[Line, Field(max_length=NAME_LENGTH), AfterValidator(_given)]
Words = Annotated[Lines, Field(max_length=WORDS_LENGTH)]
Count = Annotated[Annotated[int, Field(ge=0, le=MOST)] | None, BeforeValidator(_or_none)]
TEXTS = ("name", "contact_name", "needs", "offers_people", "offers_servers", "offers_other", "comments")
COUNTS = ("meetings_per_month", "usual_people", "largest_people", "hosts", "offers_hours")
CONSUMER, PRODUCER = "consumer", "producer"


class InterestInput(Input):
    """What an organisation needs and offers; the names are the columns'."""

    name: Name
    kind: Literal["consumer", "producer"]
    website: Annotated[Line, Field(max_length=LINK_LENGTH), AfterValidator(web_link)] = ""
    contact_name: Name
    needs: Annotated[Words, AfterValidator(_given)]
    meetings_per_month: Count = None
    usual_people: Count = None
    largest_people: Count = None
    hosts: Count = None
    offers_people: Words = ""
    offers_hours: Count = None
    offers_servers: Words = ""
    offers_other: Words = ""
    offers_cents: Cents = None
    custodian: Annotated[Id | None, BeforeValidator(_or_none)] = None
    comments: Words = ""
    is_public: Tick = False

    def put_on(self, interest: Interest) -> None:
        """Write it to a row; who the custodian is was checked."""
        for name in (*TEXTS, *COUNTS, "website", "offers_cents", "is_public"):
            setattr(interest, name, getattr(self, name))
        interest.as_producer = self.kind == PRODUCER
        interest.custodian_id = self.custodian

    def texts(self) -> list[str]:
        """What was written freely."""
        return [getattr(self, name) for name in TEXTS]


class ApplyInput(InterestInput):
    """The public form: with the address that is asked to confirm, and what keeps machines out."""

    email: Annotated[Address, Field(max_length=ADDRESS_LENGTH)]
    topic: str = ""
    shown: str = ""


class CorrectInput(InterestInput):
    """The same by the applicant's link."""

    version: Version


def values_of(interest: Interest) -> dict[str, str]:
    """A row as the values of its form."""
    found: dict[str, Any] = {name: getattr(interest, name) for name in (*TEXTS, *COUNTS, "website")}
    cents = interest.offers_cents
    return {
        **{name: "" if value is None else str(value) for name, value in found.items()},
        "kind": PRODUCER if interest.as_producer else CONSUMER,
        "offers_cents": "" if cents is None else f"{cents / 100:.2f}".removesuffix(".00"),
        "custodian": str(interest.custodian_id or ""),
        **({"is_public": "yes"} if interest.is_public else {}),
        "version": str(interest.version),
    }
