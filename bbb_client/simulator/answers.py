"""The answers of the API: XML as BigBlueButton writes it, and its refusals."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias
from xml.sax.saxutils import escape, quoteattr

from starlette.responses import Response

Value: TypeAlias = "str | int | bool | Attributes | Fields"  # an int may get thousands separators
Fields: TypeAlias = "Sequence[tuple[str, Value]]"

_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\ufffe\uffff\ud800-\udfff]")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")


class CData(str):
    """Text that is written as CDATA."""

    __slots__ = ()


class Attributes(dict[str, str]):
    """What an element without content says in attributes."""


@dataclass
class CallError(Exception):
    """A refusal with its messageKey (section 2.15); `listed` writes it as a list of errors."""

    key: str
    message: str
    listed: bool = False


def without_controls(text: str) -> str:
    """A text as BBB keeps it: control characters are gone (sections 2.1 and 2.2)."""
    return _CONTROL.sub("", text).strip()


def is_xml_name(text: str) -> bool:
    """Whether a text can stand as the name of an element."""
    return _NAME.fullmatch(text) is not None


def success(fields: Fields, key: str | None = None, message: str = "") -> Fields:
    """The fields of an answer that worked, with messageKey and message at its end if a key is given."""
    words: Fields = [] if key is None else [("messageKey", key), ("message", message)]
    return [("returncode", "SUCCESS"), *fields, *words]


def failure(error: CallError) -> Fields:
    """The fields of a refusal: one key and message, or the list form of `nonUniqueVoiceBridge`."""
    if error.listed:
        entry = Attributes(key=error.key, message=error.message)
        return [("returncode", "FAILED"), ("errors", [("error", entry)])]
    return [("returncode", "FAILED"), ("messageKey", error.key), ("message", error.message)]


def write(fields: Fields, *, thousands: bool = False) -> bytes:
    """The answer as XML; `thousands` writes numbers like old servers did: 1,234 (section 2.6)."""
    return f"<response>{_inner(fields, thousands=thousands)}</response>".encode()


def xml_response(fields: Fields, *, thousands: bool = False) -> Response:
    """The answer over HTTP; refusals are 200 too."""
    return Response(write(fields, thousands=thousands), media_type="text/xml;charset=utf-8")


def _inner(value: "str | int | bool | Fields", *, thousands: bool) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return f"{value:,}" if thousands else str(value)
    if isinstance(value, CData):
        return _cdata(value)
    if isinstance(value, str):
        return escape(_FORBIDDEN.sub("", value))
    return "".join(_element(name, inner, thousands=thousands) for name, inner in value)


def _element(name: str, value: Value, *, thousands: bool) -> str:
    if isinstance(value, Attributes):
        return f"<{name} {' '.join(f'{key}={quoteattr(text)}' for key, text in value.items())}/>"
    inner = _inner(value, thousands=thousands)
    return f"<{name}>{inner}</{name}>" if inner else f"<{name}/>"


def _cdata(text: str) -> str:
    return "<![CDATA[" + _FORBIDDEN.sub("", text).replace("]]>", "]]]]><![CDATA[>") + "]]>"
