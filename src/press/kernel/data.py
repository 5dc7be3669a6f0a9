"""In the kernel: a dict of results that a page looks into, as JSON and one small sprite.

The item `images` becomes the sprite: a few hundred digits at most, and never the data set. All else
must be plain: numbers, texts, lists and dicts, arrays being lists.
"""

import base64
import io
from typing import Any

from press.kernel.protocol import MOST_ITEMS, size

IMAGES = "images"
MOST_IMAGES = 400
COLUMNS = 16
DIGITS = 5
"""Significant digits of a number: as many as a chart can show."""


class Unshowable(ValueError):
    """Something that cannot be looked into on a page."""


def data(items: dict[Any, Any]) -> dict[str, Any] | None:
    """What stands beside the cell's output; nothing for what only a script could use."""
    try:
        content = {str(name): _plain(item) for name, item in items.items() if name != IMAGES}
        if size(content) > MOST_ITEMS:
            raise Unshowable(f"holds more than {MOST_ITEMS:,} items")
        images = _sprite(items[IMAGES]) if IMAGES in items else None
    except Unshowable as error:
        return {"problem": str(error)}
    return {"content": content, "images": images}


def _plain(item: Any) -> Any:
    if getattr(item, "size", 0) > MOST_ITEMS:
        raise Unshowable(f"holds more than {MOST_ITEMS:,} items")
    if hasattr(item, "tolist"):
        item = item.tolist()
    if isinstance(item, dict):
        return {str(key): _plain(value) for key, value in item.items()}
    if isinstance(item, list | tuple | range):
        return [_plain(value) for value in item]
    if isinstance(item, float):
        return float(f"{item:.{DIGITS}g}") if item - item == 0 else None
    if item is None or isinstance(item, str | int):
        return item
    raise Unshowable(f"holds something of the type {type(item).__name__}")


def _sprite(images: Any) -> dict[str, Any]:
    """The images side by side, white on black: of 0 to 255, or of 0 to 1."""
    import numpy as np
    from PIL import Image

    stack = np.asarray(images)
    stack = stack[..., 0] if stack.ndim == 4 and stack.shape[-1] == 1 else stack
    if stack.ndim != 3 or stack.shape[1] != stack.shape[2] or not len(stack):
        raise Unshowable(f"`{IMAGES}` are no square images, but of shape {stack.shape}")
    if len(stack) > MOST_IMAGES:
        raise Unshowable(f"holds {len(stack):,} images; a page may ship {MOST_IMAGES}")
    if stack.dtype != np.uint8:
        stack = np.clip(np.round(stack * 255), 0, 255).astype(np.uint8)
    count, side = stack.shape[:2]
    columns = min(COLUMNS, count)
    rows = -(-count // columns)
    tiles = np.zeros((rows * columns, side, side), np.uint8)
    tiles[:count] = stack
    sheet = tiles.reshape(rows, columns, side, side).swapaxes(1, 2).reshape(rows * side, -1)
    file = io.BytesIO()
    Image.fromarray(sheet).save(file, "png", optimize=True)
    png = base64.b64encode(file.getvalue()).decode()
    return {"png": png, "count": count, "side": side, "columns": columns}
