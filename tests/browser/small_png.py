"""A screenshot with a palette of 256 colours: a third of the bytes, and nobody sees the difference.

Reads what browsers write, 8 bits a channel and no interlacing. Source: w3.org/TR/png-3.
"""

import struct
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_CHANNELS = {2: 3, 6: 4}  # by colour type: without and with transparency, which is left out
Colour = tuple[int, int, int]


def small(png: bytes) -> bytes:
    """The same picture in 256 of its colours, each other one as the nearest of them."""
    parts = list(_parts(png))
    width, height, depth, kind, _, _, interlaced = struct.unpack(">IIBBBBB", parts[0][1])
    assert (depth, interlaced) == (8, 0), "what browsers write"
    channels = _CHANNELS[kind]
    raw = zlib.decompress(b"".join(body for name, body in parts if name == b"IDAT"))
    rows = [_colours(row, channels) for row in _unfiltered(raw, width * channels, channels)]
    counts: Counter[Colour] = Counter()
    for row in rows:
        counts.update(row)
    palette = _palette(counts)
    place = {colour: _nearest(palette, colour) for colour in counts}
    data = b"".join(b"\0" + bytes(place[colour] for colour in row) for row in rows)
    head = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    colours = bytes(value for colour in palette for value in colour)
    body = (
        (b"IHDR", head),
        (b"PLTE", colours),
        (b"IDAT", zlib.compress(data, 9)),
        (b"IEND", b""),
    )
    return _SIGNATURE + b"".join(_written(name, part) for name, part in body)


def _parts(png: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = len(_SIGNATURE)
    while at < len(png):
        (length,) = struct.unpack(">I", png[at : at + 4])
        yield png[at + 4 : at + 8], png[at + 8 : at + 8 + length]
        at += length + 12


def _written(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def _colours(row: bytearray, channels: int) -> list[Colour]:
    return list(zip(row[0::channels], row[1::channels], row[2::channels], strict=True))


def _palette(counts: Counter[Colour]) -> list[Colour]:
    """The most frequent colour of each shade, of those 256 shades that most of the picture has.

    By shades, or else the many greys of letters leave no room for a tag in another colour.
    """
    shades: Counter[Colour] = Counter()
    first: dict[Colour, Colour] = {}
    for (red, green, blue), count in counts.most_common():
        shade = (red >> 3, green >> 3, blue >> 3)
        shades[shade] += count
        first.setdefault(shade, (red, green, blue))
    return [first[shade] for shade, _ in shades.most_common(256)]


def _nearest(palette: list[Colour], colour: Colour) -> int:
    return min(
        range(len(palette)),
        key=lambda n: sum((a - b) ** 2 for a, b in zip(palette[n], colour, strict=True)),
    )


def _unfiltered(raw: bytes, stride: int, channels: int) -> Iterable[bytearray]:
    """The rows as they were before the filter that each begins with the number of."""
    above = bytearray(stride)
    for at in range(0, len(raw), stride + 1):
        row = bytearray(raw[at + 1 : at + 1 + stride])
        match raw[at]:
            case 1:
                for i in range(channels, stride):
                    row[i] = (row[i] + row[i - channels]) & 255
            case 2:
                for i in range(stride):
                    row[i] = (row[i] + above[i]) & 255
            case 3:
                for i in range(stride):
                    left = row[i - channels] if i >= channels else 0
                    row[i] = (row[i] + (left + above[i]) // 2) & 255
            case 4:
                for i in range(stride):
                    left, corner = (
                        (row[i - channels], above[i - channels]) if i >= channels else (0, 0)
                    )
                    row[i] = (row[i] + _paeth(left, above[i], corner)) & 255
        yield row
        above = row


def _paeth(left: int, above: int, corner: int) -> int:
    """Whichever of the three is nearest to left + above - corner; the first of equals."""
    by_left, by_above = abs(above - corner), abs(left - corner)
    by_corner = abs(left + above - 2 * corner)
    if by_left <= by_above and by_left <= by_corner:
        return left
    return above if by_above <= by_corner else corner
