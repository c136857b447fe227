"""The OpenAPI document and the page made of it."""

import json
import re
from html.parser import HTMLParser

import pytest

from app.api.errors import WORDS
from app.api.reading import Reader
from tests.app.api.conftest import program
from tests.browser import text_of
from tests.factories import a_person, signed_in

HEAVIEST = 60_000


@pytest.fixture
async def document(site) -> dict:
    """The document, which needs no token."""
    async with program(site) as nobody:
        answer = await nobody.client.get("/api/v1/openapi.json")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    return answer.json()


def operations(document: dict):
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", operation


def references(node: object):
    if isinstance(node, dict):
        if "$ref" in node:
            yield node["$ref"]
        for each in node.values():
            yield from references(each)
    elif isinstance(node, list):
        for each in node:
            yield from references(each)


async def test_the_document_is_what_openapi_says_one_is(document):
    assert re.fullmatch(r"3\.1\.\d", document["openapi"])
    assert document["info"]["title"] == "Guildhall API"
    assert document["info"]["version"]
    assert "token" in document["info"]["description"]
    assert document["servers"] == [{"url": "http://127.0.0.1:8000"}]
    ids = [operation["operationId"] for _name, operation in operations(document)]
    assert len(ids) == len(set(ids))
    assert "create_room" in ids


async def test_only_the_calls_of_the_api_are_in_it(document):
    assert all(path.startswith("/api/v1/") for path in document["paths"])
    assert len([*operations(document)]) == 27
    assert "/api/v1/meetings/{meeting_id}" in document["paths"]


async def test_every_reference_leads_somewhere_and_nothing_is_left_over(document):
    found = set(references(document))
    there = {f"#/components/schemas/{name}" for name in document["components"]["schemas"]}
    assert found == there


async def test_every_call_is_behind_a_bearer_token(document):
    (scheme,) = document["components"]["securitySchemes"].items()
    assert scheme[1]["type"] == "http"
    assert scheme[1]["scheme"] == "bearer"
    for name, operation in operations(document):
        assert [set(each) for each in operation["security"]] == [{scheme[0]}], name


async def test_every_call_documents_its_errors(document):
    for name, operation in operations(document):
        wanted = {"401", "403", "422", "429", "503"}
        if "requestBody" in operation:
            wanted |= {"400", "413"}
        if "{slug}" in name:
            wanted |= {"404", "410"}
        if "{meeting_id}" in name:
            wanted |= {"404"}
        if name.startswith("POST") and "/hosts" not in name:
            wanted |= {"409"}
        errors = {status for status in operation["responses"] if int(status) >= 400}
        assert wanted <= errors <= {str(status) for status in WORDS}, name
        for status in errors:
            schema = operation["responses"][status]["content"]["application/json"]["schema"]
            assert schema == {"$ref": "#/components/schemas/Error"}, (name, status)


async def test_every_call_parameter_and_field_is_described(document):
    for name, operation in operations(document):
        assert operation["summary"], name
        assert operation["description"].endswith("."), name
        for parameter in operation.get("parameters", []):
            assert parameter["description"].endswith("."), (name, parameter)
    for name, schema in document["components"]["schemas"].items():
        for field, each in schema.get("properties", {}).items():
            assert each.get("description", "").endswith(".") or (name, field) == ("Error", "error"), (
                name,
                field,
            )


async def test_a_change_names_no_defaults_and_a_new_room_needs_a_name_only(document):
    schemas = document["components"]["schemas"]
    assert "required" not in schemas["RoomChange"]
    assert not any("default" in field for field in schemas["RoomChange"]["properties"].values())
    assert "holder_id" not in schemas["RoomChange"]["properties"]
    assert schemas["NewRoom"]["required"] == ["name"]
    assert schemas["NewRoom"]["properties"]["lobby"]["default"] is False
    assert schemas["NewRoom"]["additionalProperties"] is False


async def test_what_calls_answer_has_the_fields_that_the_document_names(document, ada):
    schemas = document["components"]["schemas"]
    room = await ada.room("Hall")
    meeting = (await ada.post("/rooms/hall/start")).json()
    me = (await ada.get("/me")).json()
    for name, answer in (("Room", room), ("Meeting", meeting), ("Me", me), ("ActingFor", me["holders"][0])):
        assert set(schemas[name]["properties"]) == set(answer), name
        assert set(schemas[name]["required"]) == set(answer), name


class Page(HTMLParser):
    """Anchors and where links lead."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.links: set[str] = set()
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list) -> None:
        found = dict(attrs)
        if "id" in found:
            self.ids.append(found["id"])
        if tag == "a":
            self.links.add(found["href"])


async def test_the_page_shows_every_call_with_all_its_fields(site, someone, document):
    page = await someone.open("/api")
    assert page.status_code == 200
    # As it travels; the stylesheet and the scripts come on top.
    assert int(page.headers["content-length"]) < HEAVIEST - 25_000
    found, words = Page(page.text), text_of(page.text)
    assert len(found.ids) == len(set(found.ids))
    for name, operation in operations(document):
        assert operation["operationId"] in found.ids
        assert name in words
    reader = Reader(document)
    for thing in reader.things():
        for field in thing.fields:
            assert field.name in words
            assert field.about in words
    anchors = {link[1:] for link in found.links if link.startswith("#")}
    assert anchors <= {*found.ids}
    assert {"/account/tokens", "/api/v1/openapi.json"} <= found.links
    assert "curl" in words


async def test_the_page_can_be_found_from_the_tokens_and_from_every_page(site, database, someone):
    ada = await a_person(database)
    async with signed_in(site, ada) as browser:
        await browser.open("/account/tokens")
        main = browser.page.text.partition("<main")[2].partition("</main>")[0]
        assert 'href="/api"' in main
    await someone.open("/")
    assert 'href="/api"' in someone.page.text.partition("<footer")[2]


async def test_the_document_is_small_enough_to_read(document):
    assert len(json.dumps(document)) < 108_000
