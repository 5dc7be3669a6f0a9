"""A figure as matplotlib draws it → one small, deterministic SVG that follows light and dark.

The SVG stays as drawn for the light page. A style sheet inside gives every colour its counterpart
for the dark one: greys are turned over, hues are lifted. Pictures of one ink, such as a digit in
greys, become masks through which that ink is seen, so that they follow like any line. Coloured
pictures that hold white have a second face: what is darkest on the light page, such as the ends of
a diverging colour map, is brightest on the dark one, and white is the page itself on both.

By itself the file follows the system; as FILE#light or FILE#dark it is what the page asks for, in
browsers, too, whose pictures know nothing of the page that they stand in.
"""

import base64
import io
import re
from typing import TYPE_CHECKING

from press.run.outcome import Figure

if TYPE_CHECKING:
    from PIL.Image import Image

PX_PER_PT = 96 / 72

PROLOGUE = re.compile(
    r"<\?xml.*?\?>\s*|<!DOCTYPE.*?>\s*|<metadata>.*?</metadata>\s*|<!--.*?-->\s*", re.DOTALL
)
SIZE = re.compile(r'(?<![\w-])(width|height)="([\d.]+)(pt|px|)"')
VIEW_BOX = re.compile(r'\bviewBox="[-\d.]+[\s,]+[-\d.]+[\s,]+([\d.]+)[\s,]+([\d.]+)"')
COLOUR = re.compile(r"\b(fill|stroke): (#[0-9a-f]{6})\b")
IMAGE = re.compile(r"<image\b(?P<attributes>[^>]*?)/>", re.DOTALL)
PNG = re.compile(r'\bxlink:href="data:image/png;base64,\s*(?P<data>[^"]*)"')
GEOMETRY = re.compile(r'\b(x|y|width|height)="([^"]*)"')
ID = re.compile(r'\s\bid="[^"]*"')
TRANSFORM = re.compile(r'\btransform="[^"]*"')

NEARLY_WHITE = 240

FACES = (
    ":root{color-scheme:light dark}#light:target{color-scheme:light}#dark:target{color-scheme:dark}"
    ".night{display:none}"
    "@media (prefers-color-scheme:dark){.day{display:none}.night{display:inline}}"
    "#light:target .day,#dark:target .night{display:inline}"
    "#light:target .night,#dark:target .day{display:none}"
)

# On a phone figures are drawn at six tenths of their size: words stay at nine pixels there.
LARGER_WORDS = (
    "@media (max-width:370px){"
    '[id^="text_"]{transform-box:fill-box;transform-origin:center;transform:scale(1.12)}}'
)


def from_svg(svg: str) -> Figure:
    """The figure for the page: text in, text out, but for the size; ValueError if it is none."""
    text = PROLOGUE.sub("", svg).strip()
    width, height = _size(_head(text))
    text = _in_pixels(text)
    text = _with_inks(text)
    text = _with_dark_side(text)
    return Figure(
        data=f"{text}\n".encode(),
        suffix=".svg",
        width=width,
        height=height,
    )


def from_bitmap(data: bytes, suffix: str) -> Figure:
    """ValueError or OSError if no picture can be read."""
    image = _opened(data)
    image.load()
    return Figure(data, suffix, image.width, image.height)


def _head(text: str) -> str:
    return text[: text.find(">") + 1]


def _size(head: str) -> tuple[int, int]:
    sizes = {match[1]: _pixels(match) for match in SIZE.finditer(head)}
    if sizes.keys() == {"width", "height"}:
        return sizes["width"], sizes["height"]
    if box := VIEW_BOX.search(head):
        return round(float(box[1])), round(float(box[2]))
    raise ValueError("no size")


def _in_pixels(text: str) -> str:
    head = _head(text)
    return SIZE.sub(lambda match: f'{match[1]}="{_pixels(match)}"', head) + text[len(head) :]


def _pixels(size: re.Match[str]) -> int:
    return round(float(size[2]) * (PX_PER_PT if size[3] == "pt" else 1))


def _with_dark_side(text: str) -> str:
    """Add a rule for each colour that the figure uses; black is what has no colour of its own."""
    used = sorted(set(COLOUR.findall(text)))
    rules = "".join(
        f'[style*="{kind}: {colour}"]{{{kind}:{_either(colour)}!important}}'
        for kind, colour in used
    )
    style = f"<style>{FACES}#dark{{fill:{_either('#000000')}}}{rules}{LARGER_WORDS}</style>"
    head = _head(text)
    body = text[len(head) : text.rindex("</svg>")].strip()
    return f'{head}\n{style}\n<g id="light"><g id="dark">\n{body}\n</g></g>\n</svg>'


def _either(colour: str) -> str:
    return f"light-dark({colour},{dark(colour)})"


def dark(colour: str) -> str:
    """The counterpart on a dark page: lightness turned over for greys, lifted for hues."""
    lightness, a, b = _to_oklab(colour)
    chroma = (a * a + b * b) ** 0.5
    hue_weight = min(1.0, chroma / 0.08)
    turned = min(0.96, 1.1 - 0.87 * lightness)
    lifted = 0.62 + 0.25 * lightness
    return _from_oklab(turned + hue_weight * (lifted - turned), a, b)


def _to_oklab(colour: str) -> tuple[float, float, float]:
    red, green, blue = (_linear(int(colour[i : i + 2], 16) / 255) for i in (1, 3, 5))
    l = (0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue) ** (1 / 3)  # noqa: E741
    m = (0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue) ** (1 / 3)
    s = (0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue) ** (1 / 3)
    return (
        0.2104542553 * l + 0.7936177850 * m - 0.0040720468 * s,
        1.9779984951 * l - 2.4285922050 * m + 0.4505937099 * s,
        0.0259040371 * l + 0.7827717662 * m - 0.8086757660 * s,
    )


def _from_oklab(lightness: float, a: float, b: float) -> str:
    l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3  # noqa: E741
    m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    s = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    channels = (
        4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
        -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
        -0.0041960863 * l - 0.7034186147 * m + 1.7076147010 * s,
    )
    return "#" + "".join(f"{round(255 * _encoded(channel)):02x}" for channel in channels)


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4


def _encoded(channel: float) -> float:
    bounded = min(1.0, max(0.0, channel))
    return bounded * 12.92 if bounded <= 0.0031308 else 1.055 * bounded ** (1 / 2.4) - 0.055


def _with_inks(text: str) -> str:
    """Turn every picture of one ink into a mask, and shrink the others."""
    number = 0

    def redrawn(match: re.Match[str]) -> str:
        nonlocal number
        number += 1
        return _redrawn(match["attributes"], f"ink{number}")

    return IMAGE.sub(redrawn, text)


def _redrawn(attributes: str, mask: str) -> str:
    embedded = PNG.search(attributes)
    if not embedded:
        return f"<image{attributes}/>"
    image = _opened(base64.b64decode(embedded["data"]))
    inked = _ink(image)
    if inked is None:
        faces = _faces(image) or {"face": image}
        alike = ID.sub("", attributes)
        return "".join(
            f'<image class="{name}"{PNG.sub(_href(face), alike)}/>' for name, face in faces.items()
        )
    colour, coverage = inked
    box = {"x": "0", "y": "0", **dict(GEOMETRY.findall(attributes))}
    geometry = " ".join(f'{name}="{length}"' for name, length in box.items())
    transform = TRANSFORM.search(attributes)
    inner = TRANSFORM.sub("", PNG.sub(_href(coverage), attributes))
    inner = ID.sub("", inner)
    return (
        f"<g {transform[0] if transform else ''}>"
        f'<mask id="{mask}" maskUnits="userSpaceOnUse" {geometry}><image{inner}/></mask>'
        f'<rect {geometry} mask="url(#{mask})" style="fill: {colour}"/></g>'
    )


def _ink(image: "Image") -> "tuple[str, Image] | None":
    """The one colour that a picture is drawn in, and how much of it each pixel holds."""
    import numpy as np
    from PIL import Image

    rgba = np.asarray(image.convert("RGBA"))
    colours, alpha = rgba[..., :3], rgba[..., 3]
    if (alpha == 255).all():
        grey = (colours == colours[..., :1]).all()
        return ("#000000", Image.fromarray(255 - colours[..., 0])) if grey else None
    seen = colours[alpha > 16].astype(int)
    if not len(seen) or (np.ptp(seen, axis=0) > 24).any():
        return None
    middle = (seen.min(axis=0) + seen.max(axis=0)) // 2
    return "#" + "".join(f"{level:02x}" for level in middle), Image.fromarray(alpha)


def _faces(image: "Image") -> "dict[str, Image]":
    """A picture that holds white for the light page and for the dark one, lightness turned over.

    The page shows through where there is least colour. There are none of a picture without white.
    """
    import numpy as np
    from PIL import Image

    rgba = np.asarray(image.convert("RGBA"), dtype=float)
    rgb, alpha = rgba[..., :3], rgba[..., 3:] / 255
    lowest, highest = rgb.min(axis=2, keepdims=True), rgb.max(axis=2, keepdims=True)
    if lowest.max() < NEARLY_WHITE:
        return {}
    cover = 255 - lowest
    faces = {"day": rgb - lowest, "night": rgb - lowest + 255 - highest}
    return {
        name: Image.fromarray(
            np.concatenate([inks * 255 / np.maximum(cover, 1), cover * alpha], axis=2)
            .round()
            .astype("uint8")
        )
        for name, inks in faces.items()
    }


def _href(image: "Image") -> str:
    file = io.BytesIO()
    image.save(file, "PNG", optimize=True)
    return f'xlink:href="data:image/png;base64,{base64.b64encode(file.getvalue()).decode()}"'


def _opened(data: bytes) -> "Image":
    from PIL import Image

    return Image.open(io.BytesIO(data))
