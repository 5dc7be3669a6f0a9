"""The picture that stands for a post where its link is shared: a figure of its run on paper."""

import io

from PIL import Image

SIZE = (1200, 630)
MARGIN = 60
PAPER = "#fdfcf9"


def card(bitmap: bytes) -> bytes:
    """A figure's bitmap, as large as the card allows, in its middle."""
    figure = Image.open(io.BytesIO(bitmap)).convert("RGBA")
    room = [side - 2 * MARGIN for side in SIZE]
    scale = min(room[0] / figure.width, room[1] / figure.height)
    size = (round(figure.width * scale), round(figure.height * scale))
    paper = Image.new("RGB", SIZE, PAPER)
    at = ((SIZE[0] - size[0]) // 2, (SIZE[1] - size[1]) // 2)
    scaled = figure.resize(size, Image.Resampling.LANCZOS)
    paper.paste(scaled, at, scaled)
    file = io.BytesIO()
    paper.quantize(64).save(file, "PNG", optimize=True)
    return file.getvalue()
