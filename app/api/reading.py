"""The OpenAPI document as people read it: calls in groups, fields with their types in words."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from app.i18n import gettext as _
from app.i18n import lazy, translated

METHODS = ("get", "post", "patch", "delete")
FIRST_ERROR = 400
Schema = Mapping[str, Any]
WORDS = {
    "date-time": lazy("time"),
    "date": lazy("day"),
    "string": lazy("text"),
    "integer": lazy("whole number"),
    "boolean": "true | false",
    "object": lazy("object"),
}


@dataclass(frozen=True)
class Kind:
    """A type in words; `of`: the object that it is, or that it is a list of."""

    words: str
    of: str | None = None


@dataclass(frozen=True)
class Field:
    """One field of a body, a query or an answer."""

    name: str
    kind: Kind
    about: str
    required: bool


@dataclass(frozen=True)
class Call:
    """One call: what it takes, what it answers, how it fails."""

    id: str
    method: str
    path: str
    summary: str
    about: str
    query: list[Field]
    body: list[Field]
    answers: list[tuple[str, str, str | None]]  # status, what it means, the object
    scope: str
    errors: list[str]


@dataclass(frozen=True)
class Thing:
    """An object that calls answer."""

    name: str
    about: str
    fields: list[Field]


class Reader:
    """Reads one document."""

    def __init__(self, document: Schema) -> None:
        self._paths: Schema = document["paths"]
        self._schemas: Schema = document["components"]["schemas"]

    def groups(self) -> dict[str, list[Call]]:
        """The calls by their group, in the order of the document."""
        found: dict[str, list[Call]] = {}
        for path, method, operation in self._operations():
            found.setdefault(translated(operation["tags"][0]), []).append(self._call(path, method, operation))
        return found

    def things(self) -> list[Thing]:
        """What the calls answer: bodies are told beside their calls, lists of words where they are used."""
        bodies = {self._body_name(operation) for _path, _method, operation in self._operations()}
        return [
            Thing(name, _(schema.get("description", "")), self._fields(schema))
            for name, schema in self._schemas.items()
            if "properties" in schema and name not in bodies
        ]

    def errors(self) -> list[tuple[str, str]]:
        """Every status that a call can fail with, and what it means."""
        found: dict[str, str] = {}
        for _path, _method, operation in self._operations():
            for status, answer in operation["responses"].items():
                if int(status) >= FIRST_ERROR:
                    found[status] = translated(answer["description"])
        return sorted(found.items())

    def _operations(self) -> Iterator[tuple[str, str, Schema]]:
        for path, operations in self._paths.items():
            for method in METHODS:
                if method in operations:
                    yield path, method, operations[method]

    def _call(self, path: str, method: str, operation: Schema) -> Call:
        answers = {int(status): answer for status, answer in operation["responses"].items()}
        body = self._body_name(operation)
        return Call(
            id=operation["operationId"],
            method=method.upper(),
            path=path,
            summary=translated(operation["summary"]),
            about=translated(operation["description"]),
            query=[
                self._parameter(each) for each in operation.get("parameters", []) if each["in"] == "query"
            ],
            body=self._fields(self._schemas[body]) if body else [],
            answers=[
                (str(status), translated(answer["description"]), self._kind(_content(answer)).of)
                for status, answer in sorted(answers.items())
                if status < FIRST_ERROR
            ],
            scope=next(iter(operation["security"][0].values()))[0],
            errors=[str(status) for status in sorted(answers) if status >= FIRST_ERROR],
        )

    def _body_name(self, operation: Schema) -> str | None:
        return self._kind(_content(operation.get("requestBody", {}))).of

    def _parameter(self, parameter: Schema) -> Field:
        return Field(
            parameter["name"],
            self._kind(parameter["schema"]),
            translated(parameter["description"]),
            required=parameter["required"],
        )

    def _fields(self, schema: Schema) -> list[Field]:
        required = schema.get("required", [])
        return [
            Field(name, self._kind(each), _(each.get("description", "")), required=name in required)
            for name, each in schema["properties"].items()
        ]

    def _kind(self, schema: Schema) -> Kind:
        if "anyOf" in schema:
            return self._kind_or_null(schema["anyOf"])
        if "$ref" in schema:
            return self._named(schema["$ref"].rpartition("/")[2])
        if schema.get("type") == "array":
            inner = self._kind(schema["items"])
            return Kind(_("list of %(kind)s", kind=inner.words), inner.of)
        return Kind(str(WORDS.get(schema.get("format") or schema.get("type", ""), WORDS["object"])))

    def _kind_or_null(self, choices: list[Schema]) -> Kind:
        inner = self._kind(next(choice for choice in choices if choice.get("type") != "null"))
        return Kind(_("%(kind)s or null", kind=inner.words), inner.of)

    def _named(self, name: str) -> Kind:
        schema = self._schemas[name]
        if "enum" in schema:
            return Kind(" | ".join(schema["enum"]))
        return Kind(name, name)


def _content(holder: Schema) -> Schema:
    """The JSON schema of a body or an answer; empty if there is none."""
    found: Schema = holder.get("content", {}).get("application/json", {}).get("schema", {})
    return found
