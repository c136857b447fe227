"""Logos: PNG, JPEG and WebP are taken apart by their bytes and put together anew, without what is no picture."""

import struct
import zlib
from collections.abc import Iterator

from app.i18n import Text, lazy

MOST_BYTES = 200_000
MOST_PIXELS = 2000  # along a side: what unfolds to more would fill a visitor's memory
PNG = b"\x89PNG\r\n\x1a\n"
# What a picture is made of; the rest are words, places and colours of a camera.
PNG_CHUNKS = {b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND", b"gAMA", b"sRGB", b"cHRM"}
WEBP_CHUNKS = {b"VP8 ", b"VP8L", b"VP8X", b"ALPH"}
WEBP_ALPHA = 0x10
# JPEG: starts of frame that say the size; markers that stand alone; where the picture itself begins.
SOI, EOI, SOS = 0xD8, 0xD9, 0xDA
FRAMES = {0xC0, 0xC1, 0xC2}
ADOBE = 0xEE  # says how the colours are to be read
TABLES = {0xDB, 0xC4, 0xDD, *FRAMES}


class PictureError(ValueError):
    """It is no picture that we show; `text` says why."""

    def __init__(self, text: Text) -> None:
        self.text = text
        super().__init__(str(text))


def clean_picture(data: bytes) -> bytes:
    """The picture alone. Raises PictureError."""
    if len(data) > MOST_BYTES:
        raise PictureError(lazy("The picture has more than 200 kB. Make it smaller."))
    try:
        if data.startswith(PNG):
            return _png(data)
        if data[:2] == bytes((0xFF, SOI)):
            return _jpeg(data)
        if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
            return _webp(data)
    except (struct.error, IndexError, zlib.error):
        pass
    raise _unreadable()


def type_of(data: bytes) -> str:
    """The content type of a picture that `clean_picture` has made."""
    return "image/png" if data.startswith(PNG) else "image/webp" if data[:4] == b"RIFF" else "image/jpeg"


def _unreadable() -> PictureError:
    return PictureError(lazy("This is not a PNG, JPEG or WebP picture that can be read."))


def _check_size(width: int, height: int) -> None:
    if not (0 < width <= MOST_PIXELS and 0 < height <= MOST_PIXELS):
        raise PictureError(lazy("The picture may have at most 2000 pixels along a side."))


def _png(data: bytes) -> bytes:
    found, place, seen = [PNG], len(PNG), list[bytes]()
    while True:
        length, kind = struct.unpack_from(">I4s", data, place)
        body = data[place + 8 : place + 8 + length]
        (checksum,) = struct.unpack_from(">I", data, place + 8 + length)
        if checksum != zlib.crc32(kind + body):
            raise _unreadable()
        if kind == b"IHDR":
            _check_size(*struct.unpack_from(">II", body))
        if kind in PNG_CHUNKS:
            found.append(struct.pack(">I", length) + kind + body + struct.pack(">I", checksum))
            seen.append(kind)
        place += 12 + length
        if kind == b"IEND":
            break
    if seen[0] != b"IHDR" or seen.count(b"IHDR") != 1 or b"IDAT" not in seen:
        raise _unreadable()
    return b"".join(found)


def _jpeg(data: bytes) -> bytes:
    found, place, has_frame = [data[:2]], 2, False
    while True:
        if data[place] != 0xFF:  # noqa: PLR2004  every marker of JPEG begins with it
            raise _unreadable()
        marker = data[place + 1]
        (length,) = struct.unpack_from(">H", data, place + 2)
        body = data[place : place + 2 + length]
        if marker in FRAMES:
            height, width = struct.unpack_from(">HH", body, 5)
            _check_size(width, height)
            has_frame = True
        if marker == SOS:
            end = data.rfind(bytes((0xFF, EOI)))
            if not has_frame or end < place:
                raise _unreadable()
            return b"".join((*found, data[place:end], bytes((0xFF, EOI))))
        if marker in TABLES or marker == ADOBE:
            found.append(body)
        place += 2 + length


def _webp(data: bytes) -> bytes:
    chunks = [(kind, body) for kind, body in _riff(data) if kind in WEBP_CHUNKS]
    pictures = [body for kind, body in chunks if kind in {b"VP8 ", b"VP8L"}]
    if len(pictures) != 1:
        raise _unreadable()
    found = b""
    for kind, body in chunks:
        whole = bytes((body[0] & WEBP_ALPHA,)) + body[1:] if kind == b"VP8X" else body
        _check_webp(kind, whole)
        found += kind + struct.pack("<I", len(whole)) + whole + b"\0" * (len(whole) % 2)
    return b"RIFF" + struct.pack("<I", len(found) + 4) + b"WEBP" + found


def _check_webp(kind: bytes, body: bytes) -> None:
    if kind == b"VP8X":
        _check_size(*(int.from_bytes(body[at : at + 3], "little") + 1 for at in (4, 7)))
    elif kind == b"VP8L":
        (bits,) = struct.unpack_from("<I", body, 1)
        _check_size((bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1)
    elif kind == b"VP8 ":
        width, height = struct.unpack_from("<HH", body, 6)
        _check_size(width & 0x3FFF, height & 0x3FFF)


def _riff(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    (length,) = struct.unpack_from("<I", data, 4)
    place, end = 12, 8 + length
    while place + 8 <= end:
        kind, length = struct.unpack_from("<4sI", data, place)
        body = data[place + 8 : place + 8 + length]
        if len(body) != length:
            raise _unreadable()
        yield kind, body
        place += 8 + length + length % 2
