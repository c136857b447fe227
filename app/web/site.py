"""What every page knows of the site, and the operator's accent colour, checked for contrast."""

from dataclasses import dataclass

from app.settings import Settings, SettingsError

PAPER, NIGHT = "#f2eee6", "#2b2722"  # the darkest light paper of app.css and the lightest dark one
TEXT_CONTRAST = 4.5  # WCAG 2.2, 1.4.3


@dataclass(frozen=True)
class Site:
    """The site's own name, whether it is a demo, and where its source is (empty: not said)."""

    name: str
    demo: bool
    source_url: str

    @classmethod
    def of(cls, settings: Settings) -> "Site":
        """From the operator's settings."""
        return cls(settings.site_name, settings.demo, settings.source_url)


def theme(accent: str) -> str:
    """The stylesheet that sets the operator's accent colour; empty if the one that ships is kept.

    The colour is darkened for the light theme and lightened for the dark one until text in it can be read.
    """
    if not accent:
        return ""
    light, dark = readable(accent, PAPER), readable(accent, NIGHT)
    return (
        ":root{"
        f"--accent-light:{light};--accent-dark:{dark};"
        f"--accent-ink-light:{ink_on(light)};--accent-ink-dark:{ink_on(dark)}"
        "}"
    )


def readable(colour: str, paper: str) -> str:
    """The colour, moved towards black or white until it stands out from the paper by 4.5 to 1."""
    towards = "#000000" if luminance(paper) > luminance("#808080") else "#ffffff"
    for step in range(21):
        mixed = mix(colour, towards, step / 20)
        if contrast(mixed, paper) >= TEXT_CONTRAST:
            return mixed
    raise SettingsError(f"GUILDHALL_ACCENT: {colour} cannot be made readable")


def ink_on(colour: str) -> str:
    """Black or white, whichever is easier to read on the colour."""
    return max(("#ffffff", "#14110d"), key=lambda ink: contrast(ink, colour))


def contrast(one: str, other: str) -> float:
    """The contrast ratio of WCAG 2.2, from 1 to 21."""
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def luminance(colour: str) -> float:
    """The relative luminance of WCAG 2.2, from 0 to 1."""
    parts = [value / 255 for value in _rgb(colour)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)  # noqa: PLR2004  WCAG's own numbers
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def mix(one: str, other: str, share: float) -> str:
    """`share` of the other colour in the one, from 0 to 1."""
    pairs = zip(_rgb(one), _rgb(other), strict=True)
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in pairs)


def _rgb(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)
