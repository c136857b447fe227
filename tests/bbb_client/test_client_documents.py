"""The XML body of create and insertDocument, read back by another parser."""

import base64
from xml.dom import minidom

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bbb_client.documents import InlineDocument, LinkedDocument, modules
from bbb_client.requests import CreateMeeting, InsertDocument


def read(body: bytes | None) -> minidom.Element:
    assert body is not None
    root = minidom.parseString(body).documentElement  # noqa: S318 - our own output
    assert root is not None
    return root


def test_a_meeting_is_created_with_its_slides_and_settings() -> None:
    request = CreateMeeting(
        meeting_id="r",
        name="Room",
        documents=[
            LinkedDocument(url="https://a.example/x?a=1&b=2", filename="Größe.pdf", current=True),
            LinkedDocument(url="https://a.example/y"),
            InlineDocument(name='"<b>".txt', content=b"\x00\xff", downloadable=True, removable=False),
        ],
        client_settings_override='{"public": {"a": "<&>"}}',
    )
    root = read(request.body())
    presentation, settings = root.childNodes
    assert root.tagName == "modules"
    assert [presentation.getAttribute("name"), settings.getAttribute("name")] == [
        "presentation",
        "clientSettingsOverride",
    ]
    assert settings.firstChild.data == '{"public": {"a": "<&>"}}'
    linked, plain, inline = presentation.childNodes
    assert dict(linked.attributes.items()) == {
        "url": "https://a.example/x?a=1&b=2",
        "filename": "Größe.pdf",
        "current": "true",
        "downloadable": "false",
        "removable": "true",
    }
    assert not plain.hasAttribute("filename")
    assert dict(inline.attributes.items()) == {
        "name": '"<b>".txt',
        "current": "false",
        "downloadable": "true",
        "removable": "false",
    }
    assert base64.b64decode(inline.firstChild.data) == b"\x00\xff"


@given(st.text(), st.binary())
def test_no_name_of_a_document_breaks_the_body(name: str, content: bytes) -> None:
    root = read(modules([InlineDocument(name=name, content=content)]))
    [document] = root.getElementsByTagName("document")
    assert len(document.getAttribute("name")) <= len(name)
    assert base64.b64decode(document.firstChild.data if document.firstChild else "") == content


def test_without_documents_there_is_no_body() -> None:
    assert CreateMeeting(meeting_id="r", name="Room").body() is None
    with pytest.raises(ValueError, match="no document to insert"):
        InsertDocument(meeting_id="r", documents=[]).body()


def test_documents_do_not_show_their_address_or_content() -> None:
    shown = repr([LinkedDocument(url="hidden"), InlineDocument(name="a", content=b"hidden")])
    assert "hidden" not in shown
