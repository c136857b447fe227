"""The address of the API: reads a call, misbehaves if ordered to, checks the checksum, answers."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress

from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse

from bbb_client.simulator.answers import CallError, xml_response
from bbb_client.simulator.api.ask import Ask, Result
from bbb_client.simulator.api.calls import Call, find_call
from bbb_client.simulator.checks import Signed, pairs, refusal, verify
from bbb_client.simulator.faults import Kind
from bbb_client.simulator.world import World

LARGEST_BODY = 2_000_000  # bytes, the practical limit of section 2.1
FORM = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data"
NOT_FOUND, NOT_ALLOWED, TOO_LARGE = 404, 405, 413
BAD_TYPE = CallError("unsupportedContentType", "POST request Content-Type is missing or unsupported")
NONSENSE = "<!doctype html><title>It works!</title><p>This is not the answer you asked for."


async def serve(request: Request) -> Response:
    """Answer one call of the API."""
    world: World = request.app.state.world
    name = str(request.path_params.get("call", ""))
    call = find_call(world, name)
    if call is None:
        return PlainTextResponse("Not found", NOT_FOUND)
    # Read first: a server does what it was asked, also when the caller is gone before a slow answer.
    body = await request.body()
    ordered = await _misbehaviour(world, name)
    if ordered is not None:
        return ordered
    if request.method not in call.methods:
        return PlainTextResponse(
            "Method not allowed", NOT_ALLOWED, {"Allow": ", ".join(sorted(call.methods))}
        )
    if len(body) > LARGEST_BODY:
        return PlainTextResponse("Too large", TOO_LARGE)
    answer = _written(world, name, await _answer(world, request, call, name))
    return _dropped() if world.faults.take(Kind.ANSWER_LOST, name) else answer


def base_url(request: Request) -> str:
    """The address of this server as browsers reach it, without a slash at its end."""
    world: World = request.app.state.world
    return (world.config.public_url or str(request.base_url)).rstrip("/")


async def _misbehaviour(world: World, name: str) -> Response | None:
    faults = world.faults
    if slow := faults.take(Kind.SLOW, name):
        with suppress(TimeoutError):
            await asyncio.wait_for(world.stopping.wait(), slow.seconds)
    if faults.take(Kind.ERROR, name):
        return PlainTextResponse("Internal Server Error", 500)
    if faults.take(Kind.NONSENSE, name):
        return Response(NONSENSE, media_type="text/html")
    if faults.take(Kind.DROPPED, name):
        return _dropped()
    return None


def _dropped() -> Response:
    """An answer that promises more than comes: the server then has to break the connection."""

    async def part() -> AsyncIterator[bytes]:
        yield b"<response>"

    return StreamingResponse(part(), media_type="text/xml", headers={"Content-Length": "1000"})


async def _answer(world: World, request: Request, call: Call, name: str) -> Result:
    query = request.scope["query_string"].decode("latin-1")
    in_url, base = pairs(query), base_url(request)
    ask = Ask(world=world, call=name, base_url=base, params=_first(in_url))
    try:
        form, files = await _form(request, call)
        body = await request.body()
        if call.signed:
            _verify(world, Signed(name, request.method, query, in_url, form, body))
        content_type = request.headers.get("content-type", "")
        params = {**_first(form), **_first(in_url)}
        ask = Ask(
            world=world,
            call=name,
            base_url=base,
            params=params,
            body=body,
            content_type=content_type,
            files=files,
        )
        return call.handler(ask)
    except CallError as error:
        return call.refuse(ask, error)


def _verify(world: World, signed: Signed) -> None:
    if world.faults.take(Kind.CHECKSUM, signed.call):
        raise refusal(signed.call)
    verify(signed, world.config, world.profile)


def _first(params: list[tuple[str, str]]) -> dict[str, str]:
    """The first value of every parameter, as Java reads them."""
    return dict(reversed(params))


async def _form(request: Request, call: Call) -> tuple[list[tuple[str, str]], Mapping[str, bytes]]:
    """The parameters and files in the body of a POST; an unknown type is refused (section 1.3)."""
    body = await request.body()
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if request.method != "POST" or not body:
        return [], {}
    if kind not in call.content_types:
        raise CallError(BAD_TYPE.key, BAD_TYPE.message)
    if kind == FORM:
        return pairs(body.decode("utf-8", "replace")), {}
    return await _multipart(request) if kind == MULTIPART else ([], {})


async def _multipart(request: Request) -> tuple[list[tuple[str, str]], Mapping[str, bytes]]:
    try:
        async with request.form() as form:
            items = form.multi_items()
            texts = [(name, value) for name, value in items if isinstance(value, str)]
            files = {name: await value.read() for name, value in items if isinstance(value, UploadFile)}
    except (MultiPartException, HTTPException) as error:
        raise CallError(BAD_TYPE.key, "The form could not be read") from error
    return texts, files


def _written(world: World, name: str, result: Result) -> Response:
    if isinstance(result, Response):
        return result
    response = xml_response(result, thousands=world.faults.take(Kind.THOUSANDS, name) is not None)
    if world.faults.take(Kind.BROKEN_XML, name):
        broken = bytes(response.body).replace(b"</returncode>", b"</returncode><message>\x0b</message>", 1)
        return Response(broken, media_type=response.media_type)
    return response
