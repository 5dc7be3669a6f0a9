"""Names for cells without a title, made of their own words: no other cell can change them."""

import re
import unicodedata
from collections.abc import Collection, Sequence

from press.files import digest

MOST_WORDS = 5
MOST_LETTERS = 40


def names_for(titles: Collection[str], sources: Sequence[str]) -> list[str]:
    """A name for each source: the words of its first line, with a digest where others have them.

    Counting instead would let a name pass to another cell when one is put in before it.
    """
    stems = [stem_of(source) for source in sources]
    names: list[str] = []
    for stem, source in zip(stems, sources, strict=True):
        name, times = stem, 0
        while name in names or name in titles or (not times and stems.count(stem) > 1):
            name = f"{stem}-{digest(f'{times} {source}')[:4]}"
            times += 1
        names.append(name)
    return names


def stem_of(text: str) -> str:
    """The first words of a text, IPython's lines last; no number at the end: figures have it."""
    lines = sorted(text.split("\n"), key=lambda line: line.startswith(("%", "!")))
    words = next(filter(None, map(words_in, lines)), [])[:MOST_WORDS]
    while words and (words[-1].isdecimal() or len("-".join(words)) > MOST_LETTERS):
        words.pop()
    return "-".join(words) or "cell"


def words_in(text: str) -> list[str]:
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.findall(r"[a-z0-9]+", plain)
