"""Bars as SVG, drawn on the server: no script, no other site. Their frame is templates/components/chart.html."""

from collections.abc import Sequence

from markupsafe import Markup

WIDTH, HEIGHT = 360, 200
TOP, BOTTOM, LEFT = 34, 22, 2
# Of one colour, which follows the theme: the series differ in how full it is, and by their place.
SHADES = ("1", "0.55", "0.3", "0.12")

_OPENING = Markup(
    '<svg viewBox="0 0 {} {}" width="{}" height="{}" role="img" aria-label="{}" font-size="12">'
)
_BAR = Markup(
    '<rect x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}" fill-opacity="{}" stroke="currentColor"'
    ' stroke-width="0.5"/>'
)
_WORDS = Markup('<text x="{:.1f}" y="{}" text-anchor="{}" fill="currentColor">{}</text>')
_LINE = Markup('<path d="M0 {}H{}" stroke="currentColor" stroke-width="0.5"/>')

Group = tuple[str, Sequence[int]]


def bars(
    label: str, series: Sequence[str], groups: Sequence[Group], most: str, *, stacked: bool = False
) -> Markup:
    """Groups of bars side by side, or stacked.

    `label` says what is seen; `series`: the names of the bars of a group, at most four; `groups`: name and values,
    not below zero; `most`: the highest value in words, which stands at the line on top.
    """
    highest = max((_height(values, stacked=stacked) for _name, values in groups), default=0) or 1
    step = (WIDTH - LEFT) / max(1, len(groups))
    parts = [_legend(series), _line(TOP, most), _line(HEIGHT - BOTTOM, "")]
    for place, (name, values) in enumerate(groups):
        parts.append(_group(LEFT + place * step, step, name, [max(0, v) / highest for v in values], stacked))
    opening = _OPENING.format(WIDTH, HEIGHT, int(WIDTH * 1.4), int(HEIGHT * 1.4), label)
    return opening + Markup("").join(parts) + Markup("</svg>")


def _height(values: Sequence[int], *, stacked: bool) -> int:
    return sum(max(0, value) for value in values) if stacked else max(values, default=0)


def _group(left: float, step: float, name: str, shares: Sequence[float], stacked: bool) -> Markup:  # noqa: FBT001  drawn only here
    room = HEIGHT - TOP - BOTTOM
    width = step * 0.7 if stacked else step * 0.8 / max(1, len(shares))
    floor, drawn = float(HEIGHT - BOTTOM), []
    for place, share in enumerate(shares):
        x = left + step * (0.15 if stacked else 0.1) + (0 if stacked else place * width)
        tall = share * room
        if tall > 0:
            drawn.append(_BAR.format(x, floor - tall, width, tall, SHADES[place % len(SHADES)]))
        if stacked:
            floor -= tall
    return Markup("").join(drawn) + _WORDS.format(left + step / 2, HEIGHT - 6, "middle", name)


def _line(y: float, words: str) -> Markup:
    return _LINE.format(y, WIDTH) + (_WORDS.format(WIDTH, y - 4, "end", words) if words else Markup(""))


def _legend(series: Sequence[str]) -> Markup:
    x, drawn = LEFT, []
    for place, name in enumerate(series):
        drawn.append(_BAR.format(x, 2, 10, 10, SHADES[place % len(SHADES)]))
        drawn.append(_WORDS.format(x + 14, 12, "start", name))
        x += 26 + 7 * len(name)
    return Markup("").join(drawn)
