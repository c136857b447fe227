"""The frame around every answer: whether the server said yes, and what it said if not (sections 1.5 and 2.15)."""

import json
from collections.abc import Mapping
from typing import Any

from bbb_client.elements import Element, Unreadable
from bbb_client.errors import Refused
from bbb_client.parsing import parse


def xml_reply(body: bytes) -> Element:
    """Give the `<response>` of a call that succeeded; raises Refused (without the call's name) or Unreadable."""
    root = parse(body)
    if root.name != "response":
        raise Unreadable("not an answer of the API")
    _check(root.string("returncode"), *_refusal(root))
    return root


def json_reply(body: bytes) -> Mapping[str, Any]:
    """Give the `response` object of a call that succeeded; raises as `xml_reply` does.

    Checksum errors of JSON calls may come as XML. `stuns` has no frame on some servers: then the object itself
    is given.
    """
    if body.lstrip().startswith(b"<"):
        xml_reply(body)
        raise Unreadable("XML instead of JSON")
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        raise Unreadable("not JSON") from None
    if not isinstance(answer, dict):
        raise Unreadable("not an answer of the API")
    response = answer.get("response", answer)
    if not isinstance(response, dict):
        raise Unreadable("not an answer of the API")
    if "returncode" in response or response is not answer:
        _check(*(str(response.get(name, "")) for name in ("returncode", "messageKey", "message")))
    return response


def _refusal(root: Element) -> tuple[str, str]:
    """Give key and message, from the nested list of errors if they stand only there (nonUniqueVoiceBridge)."""
    key, message = root.string("messageKey"), root.string("message")
    errors = root.all("errors", "error")
    if key or message or not errors:
        return key, message
    return errors[0].attributes.get("key", ""), errors[0].attributes.get("message", "")


def _check(returncode: str, key: str, message: str) -> None:
    """Raise Refused for FAILED, Unreadable for anything else but SUCCESS."""
    if returncode == "FAILED":
        raise Refused("", key, message)
    if returncode != "SUCCESS":
        raise Unreadable("neither success nor failure")
