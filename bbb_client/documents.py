"""Slides to be shown and settings of the client: the XML body of create and insertDocument (section 2.1)."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape

from bbb_client.parsing import without_illegal


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkedDocument:
    """Slides that the server fetches itself: by https only, never from localhost.

    A slow address delays the answer of `create` (pitfall 17).
    """

    url: str = field(repr=False)
    filename: str | None = None
    current: bool = False
    downloadable: bool = False
    removable: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class InlineDocument:
    """Slides that travel in the body, as base64; about 2 MB in all pass through the web servers."""

    name: str
    content: bytes = field(repr=False)
    current: bool = False
    downloadable: bool = False
    removable: bool = True


Document = LinkedDocument | InlineDocument


def modules(documents: Sequence[Document], client_settings: str | None = None) -> bytes | None:
    """Write the body of a call; None if there is nothing to put in it.

    `client_settings` is JSON text that overrides settings of the client, if the server allows it.
    """
    found = []
    if documents:
        found.append(_module("presentation", "".join(map(_document, documents))))
    if client_settings:
        found.append(_module("clientSettingsOverride", _text(client_settings)))
    if not found:
        return None
    return f'<?xml version="1.0" encoding="UTF-8"?><modules>{"".join(found)}</modules>'.encode()


def _module(name: str, content: str) -> str:
    """Wrap the content of one module."""
    return f'<module name="{name}">{content}</module>'


def _document(document: Document) -> str:
    """Write one document, linked or inline."""
    flags = "".join(
        f' {name}="{"true" if value else "false"}"'
        for name, value in (
            ("current", document.current),
            ("downloadable", document.downloadable),
            ("removable", document.removable),
        )
    )
    if isinstance(document, InlineDocument):
        content = base64.b64encode(document.content).decode()
        return f'<document name="{_text(document.name)}"{flags}>{content}</document>'
    filename = f' filename="{_text(document.filename)}"' if document.filename else ""
    return f'<document url="{_text(document.url)}"{filename}{flags}/>'


def _text(text: str) -> str:
    """Escape text for an element or an attribute, without the characters that XML has no way to write."""
    return escape(without_illegal(text))
