"""The picture that stands for a post where its link is shared: a figure of its run on paper."""

import io

from PIL import Image

SIZE = (1200, 630)
MARGIN = 60


def card(bitmap: bytes, paper: str) -> bytes:
    """A figure's bitmap, as large as the card allows, in the middle of its paper."""
    figure = Image.open(io.BytesIO(bitmap)).convert("RGBA")
    room = [side - 2 * MARGIN for side in SIZE]
    scale = min(room[0] / figure.width, room[1] / figure.height)
    size = (max(1, round(figure.width * scale)), max(1, round(figure.height * scale)))
    sheet = Image.new("RGB", SIZE, paper)
    at = ((SIZE[0] - size[0]) // 2, (SIZE[1] - size[1]) // 2)
    scaled = figure.resize(size, Image.Resampling.LANCZOS)
    sheet.paste(scaled, at, scaled)
    file = io.BytesIO()
    sheet.quantize(64).save(file, "PNG", optimize=True)
    return file.getvalue()
