"""Slides that come with create or by insertDocument: their names are kept, nothing is fetched (section 2.1)."""

import xml.etree.ElementTree as ET

from bbb_client.simulator.answers import CallError, Fields
from bbb_client.simulator.api.ask import Ask, Result

BAD_XML = CallError("validationError", "The XML of the modules could not be read")
DEFAULT_NAME = "default.pdf"


def insert_document(ask: Ask) -> Result:
    """insertDocument: SUCCESS before the conversion, with a message and no key (section 2.8)."""
    meeting = ask.meeting()
    if "presentation" in meeting.disabled_features:
        raise CallError("presentationDisabled", "Presentation feature disabled for this meeting.")
    meeting.documents.extend(file_names(ask))
    answer: Fields = [("returncode", "SUCCESS"), ("message", "Presentation is being uploaded")]
    return answer


def file_names(ask: Ask) -> list[str]:
    """The names of the slides in the call: the XML module `presentation` and preUploadedPresentation."""
    link = ask.params.get("preUploadedPresentation", "")
    named = [ask.text("preUploadedPresentationName") or _last(link)] if link else []
    return named + _in_modules(ask)


def _in_modules(ask: Ask) -> list[str]:
    if not ask.body.strip() or not ask.content_type.startswith("application/xml"):
        return []
    documents = _parse(ask.body).iterfind("./module[@name='presentation']/document")
    return [_name(document) for document in documents]


def _parse(body: bytes) -> ET.Element:
    text = body.decode("utf-8", "replace")
    if "<!DOCTYPE" in text:
        raise CallError(BAD_XML.key, BAD_XML.message)
    try:
        return ET.fromstring(text)  # noqa: S314 - without a document type there is no entity to expand
    except ET.ParseError as error:
        raise CallError(BAD_XML.key, BAD_XML.message) from error


def _name(document: ET.Element) -> str:
    return document.get("filename") or document.get("name") or _last(document.get("url", ""))


def _last(url: str) -> str:
    return url.partition("?")[0].rpartition("/")[2] or DEFAULT_NAME
