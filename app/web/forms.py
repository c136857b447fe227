"""Forms: one pydantic model says what may be set; what was typed is kept, errors stand beside their fields."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Generic, TypeVar

from fastapi import Request
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, ValidationError
from starlette.datastructures import UploadFile

from app.i18n import Text, lazy, translated

M = TypeVar("M", bound=BaseModel)
WHITESPACE = re.compile(r"\s+")
# What nobody sees and no line needs: soft hyphens, spaces without a width, fillers; it comes along when one pastes.
UNSEEN = re.compile("[\u00ad\u115f\u1160\u180e\u200b\u2060-\u2064\u3164\ufeff\uffa0]")
MOST_ACCENTS = 30  # on one letter
# What joins and turns the letters beside it (of Persian, of an emoji), and is nothing by itself.
ONLY_JOINERS = re.compile("[\u034f\u061c\u200c-\u200f\u2800\ufe00-\ufe0f ]*")

MESSAGES: Mapping[str, Text] = {
    "missing": lazy("Fill this in."),
    "string_too_short": lazy("Fill this in."),
    "string_too_long": lazy("This is too long: at most %(max_length)s characters."),
    # The same after a line was tidied: then pydantic counts whatever it is.
    "too_short": lazy("Fill this in."),
    "too_long": lazy("This is too long: at most %(max_length)s characters."),
    "string_pattern_mismatch": lazy("This is not written as it needs to be."),
    "enum": lazy("Choose one of the options."),
    "literal_error": lazy("Choose one of the options."),
    "int_parsing": lazy("Write a whole number."),
    "int_parsing_size": lazy("Write a whole number."),
    "int_from_float": lazy("Write a whole number."),
    "int_type": lazy("Write a whole number."),
    "bool_parsing": lazy("Write true or false."),
    "bool_type": lazy("Write true or false."),
    "string_type": lazy("Write a text here."),
    "string_unicode": lazy("There is an invisible character in this. Type it again by hand."),
    "extra_forbidden": lazy("There is no field of this name here."),
    "json_invalid": lazy("This is not JSON."),
    "dict_type": lazy("Send a JSON object, with Content-Type: application/json."),
    "model_attributes_type": lazy("Send a JSON object, with Content-Type: application/json."),
    "greater_than_equal": lazy("This is too small: at least %(ge)s."),
    "less_than_equal": lazy("This is too large: at most %(le)s."),
}


class Problem(ValueError):  # noqa: N818  it is what is wrong with a value, in the reader's words
    """What is wrong with a typed value, as a text that waits for the reader's language."""

    def __init__(self, text: Text) -> None:
        self.text = text
        super().__init__(str(text))


class Input(BaseModel):
    """What a form or a JSON body may set, and nothing else."""

    model_config = ConfigDict(extra="ignore", frozen=True)


def no_control_characters(value: str) -> str:
    """Refuse what cannot be seen: control characters, and those that turn the writing direction.

    Raises Problem.
    """
    for character in value:
        if (
            unicodedata.category(character) in {"Cc", "Cs", "Co", "Cn"}
            or character in "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
        ):
            raise Problem(lazy("There is an invisible character in this. Type it again by hand."))
    return value


def composed(text: str) -> str:
    """The text with its accents as one writes them. Raises Problem for more on one letter than any language has.

    To bring a run of accents into their order takes the square of its length: of 64 kB seven seconds, in which this
    process answers nobody. No more than 30 is what Unicode itself recommends (UAX 15, Stream-Safe Text Format).
    """
    run = 0
    for character in "" if text.isascii() else text:
        run = run + 1 if unicodedata.combining(character) else 0
        if run > MOST_ACCENTS:
            raise Problem(lazy("There are too many accents on one letter in this. Type it again by hand."))
    return unicodedata.normalize("NFC", text)


def _one_line(value: object) -> object:
    if not isinstance(value, str):
        return value
    line = composed(WHITESPACE.sub(" ", UNSEEN.sub("", value)).strip(" "))
    # A name that nobody can see is none.
    return "" if ONLY_JOINERS.fullmatch(line) else line


def _lines(value: object) -> object:
    if not isinstance(value, str):
        return value
    return composed(value.replace("\r\n", "\n").replace("\r", "\n")).strip()


def _visible_lines(value: str) -> str:
    for line in value.replace("\t", " ").split("\n"):
        no_control_characters(line)
    return value


Line = Annotated[str, BeforeValidator(_one_line), AfterValidator(no_control_characters)]
Lines = Annotated[str, BeforeValidator(_lines), AfterValidator(_visible_lines)]
# A checkbox that is not ticked is not sent.
Tick = Annotated[bool, BeforeValidator(lambda value: value in {True, "on", "yes", "true", "1"})]


@dataclass
class Form(Generic[M]):
    """A form as it was typed: `value` is None as long as there are errors."""

    values: Mapping[str, str] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    value: M | None = None

    def fail(self, name: str, text: Text) -> "Form[M]":
        """Put an error beside a field."""
        self.errors[name] = str(text)
        self.value = None
        return self


async def read_form(request: Request, model: type[M]) -> Form[M]:
    """Read the posted form into `model`; what is wrong is said in the reader's language."""
    posted = await request.form()
    return check_form({name: value for name, value in posted.items() if isinstance(value, str)}, model)


async def uploaded(request: Request, name: str) -> bytes | None:
    """The file that was chosen in a field; None if none was. Its size is bounded by `app.web.frame`."""
    found = (await request.form()).get(name)
    if not isinstance(found, UploadFile):
        return None
    try:
        return await found.read() or None
    finally:
        await found.close()


def check_form(values: Mapping[str, str], model: type[M]) -> Form[M]:
    """The same for values that are known already."""
    try:
        return Form(values=values, value=model.model_validate(values))
    except ValidationError as error:
        return Form(values=values, errors=messages(error))


def messages(error: ValidationError) -> dict[str, str]:
    """What is wrong, by field, in the reader's language."""
    found: dict[str, str] = {}
    for problem in error.errors(include_url=False, include_input=False):
        name = str(problem["loc"][0]) if problem["loc"] else ""
        found.setdefault(name, message(problem))
    return found


def message(problem: Mapping[str, Any]) -> str:
    """One of pydantic's problems in the reader's language."""
    context: Mapping[str, Any] = problem.get("ctx") or {}
    cause = context.get("error")
    if isinstance(cause, Problem):
        return str(cause.text)
    if problem["type"] in MESSAGES:
        return str(MESSAGES[problem["type"]]) % context
    return translated(problem["msg"])
