"""How a request's fields become the parameters of a call: names, kinds of values, and what is left out."""

import json
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import Field, fields
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

_SPELLED = {"id": "ID", "ids": "IDs", "pw": "PW", "url": "URL"}
_META_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]*")
_USERDATA_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.]*")

BODY: Mapping[str, Any] = {"in_body": True}
"""Marks a field that travels in the body of the call, not among its parameters."""


def named(name: str) -> dict[str, Any]:
    """Give a field a name on the wire that does not follow from its name here."""
    return {"wire": name}


def prefixed(prefix: str, *, keep_empty: bool = False) -> dict[str, Any]:
    """Mark a mapping of which every entry is a parameter of its own, named with the prefix."""
    return {"prefix": prefix, "keep_empty": keep_empty}


def parameters(request: "DataclassInstance") -> dict[str, str]:
    """Write a request as parameters, unencoded, in the order of its fields.

    None, "" and empty collections are left out; False and 0 are sent. Booleans are `true` and `false`, several
    values are joined by commas, lists of objects are JSON. Raises ValueError where one parameter comes twice.
    """
    written: dict[str, str] = {}
    seen: set[str] = set()
    for field in fields(request):
        for name, value in _entries(field, getattr(request, field.name)):
            if (
                name.lower() in seen
            ):  # BBB stores the names of metadata in lower case: one would win by chance
                raise ValueError(f"the parameter {name} is given twice")
            seen.add(name.lower())
            written[name] = value
    return written


def check_meta(names: Collection[str]) -> None:
    """Refuse names of metadata that BigBlueButton would drop without a word (section 2.1)."""
    for name in names:
        if not _META_NAME.fullmatch(name):
            raise ValueError(f"metadata {name!r}: a name is a letter, then letters, digits and hyphens")


def check_userdata(names: Collection[str]) -> None:
    """Refuse names of userdata that would be dropped, or would break the XML of answers (2.2, pitfall 12)."""
    for name in names:
        if not _USERDATA_NAME.fullmatch(name):
            raise ValueError(f"userdata {name!r}: a name is a letter, then letters, digits, _ and full stops")


def _entries(field: Field[Any], value: Any) -> Iterator[tuple[str, str]]:
    """Yield the parameters that one field makes: none, one, or one for each entry of a prefixed mapping."""
    prefix = field.metadata.get("prefix")
    if prefix is not None:
        for name, entry in value.items():
            if entry or field.metadata["keep_empty"]:
                yield f"{prefix}{name}", entry or ""
    elif (value or isinstance(value, int)) and "in_body" not in field.metadata:
        yield field.metadata.get("wire") or _camel(field.name), _text(field.name, value)


def _text(name: str, value: Any) -> str:
    """Write one value; raises ValueError for a comma inside a value that is joined by commas."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int):
        return str(value)
    if all(isinstance(item, Mapping) for item in value):
        return json.dumps(list(value), ensure_ascii=False, separators=(",", ":"))
    if any("," in item for item in value):
        raise ValueError(f"{name}: a comma separates values and cannot stand in one")
    return ",".join(value)


def _camel(name: str) -> str:
    """Spell a field's name as the wire does: `meeting_id` is `meetingID`, `logout_url` is `logoutURL`."""
    first, *rest = name.split("_")
    return first + "".join(_SPELLED.get(part, part.capitalize()) for part in rest)
