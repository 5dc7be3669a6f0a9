"""Figures: small, deterministic, and at home on light and dark pages."""

import base64
import io
import re
import xml.etree.ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from press.run.figure import dark, from_svg

SVG = """\
<?xml version="1.0" encoding="utf-8" standalone="no"?>
<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd">
<svg xmlns:xlink="http://www.w3.org/1999/xlink" width="403.2pt" height="244.8pt" \
viewBox="0 0 403.2 244.8" xmlns="http://www.w3.org/2000/svg" version="1.1">
 <metadata>today</metadata>
 <!-- accuracy -->
 <path d="M 0 0" style="fill: none; stroke: #1f6fb2; stroke-width: 2"/>
 <path d="M 0 1" style="fill: #1f2328"/>
{body}
</svg>
"""


def drawn(body: str = "") -> str:
    return from_svg(SVG.replace("{body}", body)).data.decode()


def embedded(image: Image.Image, more: str = "") -> str:
    file = io.BytesIO()
    image.save(file, "PNG")
    data = base64.b64encode(file.getvalue()).decode()
    return f'<image xlink:href="data:image/png;base64,\n{data}" width="4" height="4" {more}/>'


def images_of(svg: str) -> list[Image.Image]:
    found = re.findall(r"base64,([^\"]*)", svg)
    return [Image.open(io.BytesIO(base64.b64decode(data))) for data in found]


def test_size_is_in_pixels() -> None:
    picture = from_svg(SVG.replace("{body}", ""))

    assert (picture.width, picture.height) == (538, 326)
    assert 'width="538" height="326" viewBox="0 0 403.2 244.8"' in picture.data.decode()


def test_dates_and_comments_are_gone_and_it_is_sound_xml() -> None:
    svg = drawn()

    ET.fromstring(svg)
    assert "today" not in svg
    assert "<!--" not in svg


def test_every_colour_has_a_counterpart_and_stays_as_it_is_on_light_pages() -> None:
    svg = drawn()

    assert "stroke: #1f6fb2; stroke-width: 2" in svg
    for kind, colour in (("stroke", "#1f6fb2"), ("fill", "#1f2328")):
        both = f"light-dark({colour},{dark(colour)})"
        assert f'[style*="{kind}: {colour}"]{{{kind}:{both}!important}}' in svg
    assert f"#dark{{fill:light-dark(#000000,{dark('#000000')})}}" in svg


def test_all_that_is_drawn_stands_within_both_faces() -> None:
    root = ET.fromstring(drawn())
    (light,) = (part for part in root if part.get("id") == "light")
    (both,) = light

    assert both.get("id") == "dark"
    assert [part.tag.rpartition("}")[2] for part in root] == ["style", "g"]
    assert len(both) == 2


def test_a_grey_picture_becomes_a_mask_for_its_ink() -> None:
    digit = Image.new("RGB", (4, 4), "white")
    digit.putpixel((1, 2), (0, 0, 0))
    digit.putpixel((2, 2), (128, 128, 128))
    svg = drawn(embedded(digit, 'transform="scale(2)"'))

    (mask,) = images_of(svg)
    assert mask.mode == "L"
    assert [mask.getpixel(at) for at in ((0, 0), (1, 2), (2, 2))] == [0, 255, 127]
    assert '<g transform="scale(2)"><mask id="ink1"' in svg
    assert 'mask="url(#ink1)" style="fill: #000000"' in svg
    ET.fromstring(svg)


def test_dots_of_one_colour_become_a_mask_too() -> None:
    dots = Image.new("RGBA", (4, 4), (0, 0, 0, 0))
    dots.putpixel((1, 1), (0x1F, 0x6F, 0xB2, 200))
    svg = drawn(embedded(dots))

    assert 'style="fill: #1f6fb2"' in svg
    assert images_of(svg)[0].getpixel((1, 1)) == 200


def test_a_coloured_picture_keeps_its_colours() -> None:
    photo = Image.new("RGB", (4, 4), "red")
    photo.putpixel((0, 0), (0, 0, 255))
    svg = drawn(embedded(photo))

    assert "<mask" not in svg
    assert images_of(svg)[0].convert("RGB").getpixel((0, 0)) == (0, 0, 255)


def test_white_in_a_coloured_picture_is_the_page_on_both_faces() -> None:
    chart = Image.new("RGB", (4, 4), "white")
    for x, colour in enumerate([(103, 0, 31), (214, 96, 77), (253, 219, 199)]):
        chart.putpixel((x, 0), colour)
    svg = drawn(embedded(chart, 'id="image1"'))
    day, night = images_of(svg)
    strength = [seen(night, x, (20, 23, 27)) for x in range(4)]

    assert [seen(day, x, (255, 255, 255)) for x in range(3)] == [
        pytest.approx(colour, abs=1) for colour in [(103, 0, 31), (214, 96, 77), (253, 219, 199)]
    ]
    assert [image.getpixel((3, 0)) for image in (day, night)] == [(0, 0, 0, 0)] * 2
    assert strength == sorted(strength, key=sum, reverse=True), "the strongest is the brightest"
    assert 'class="day"' in svg
    assert 'class="night"' in svg
    assert "image1" not in svg
    ET.fromstring(svg)


def seen(image: Image.Image, x: int, page: tuple[int, int, int]) -> tuple[int, ...]:
    """A pixel of the upper row as it looks on a page."""
    ground = Image.new("RGBA", image.size, (*page, 255))
    ground.alpha_composite(image.convert("RGBA"))
    return tuple(ground.convert("RGB").getpixel((x, 0)))  # type: ignore[arg-type]


def contrast(one: str, other: str) -> float:
    def luminance(colour: str) -> float:
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize(
    "colour", ["#1f6fb2", "#c8500a", "#0b7a5c", "#9a4bb0", "#8a6a00", "#c2336b", "#6e7781"]
)
def test_the_house_colours_are_readable_on_both_pages(colour: str) -> None:
    assert contrast(colour, "#ffffff") >= 4.4
    assert contrast(dark(colour), "#16181d") >= 4.5


def test_ink_is_easy_to_read_on_both_pages() -> None:
    assert contrast("#1f2328", "#ffffff") >= 12
    assert contrast(dark("#1f2328"), "#16181d") >= 10


@given(st.integers(0, 254))
def test_greys_are_turned_over_in_order(level: int) -> None:
    darker, lighter = f"#{level:02x}{level:02x}{level:02x}", "#" + f"{level + 1:02x}" * 3

    assert int(dark(darker)[1:3], 16) >= int(dark(lighter)[1:3], 16)


@given(st.integers(0, 0xFFFFFF))
def test_every_colour_has_a_counterpart(number: int) -> None:
    assert re.fullmatch(r"#[0-9a-f]{6}", dark(f"#{number:06x}"))
