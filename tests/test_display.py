"""What a run gives readers to take in hand: claims with numbers, data, models, means of runs."""

import io
import json
import struct

import pytest
from PIL import Image

from press.blog import Blog
from press.kernel.display import _texts
from press.record.record import Record
from press.record.storage import read_record

from .conftest import Press, add_post

SCRIPT = """\
# %% setup
import numpy as np

# %% mistakes tags=["data"]
images = np.zeros((18, 28, 28))
images[17, 0, 0] = 1.0
{"labels": np.arange(18) % 10, "curves": {"loss": [0.1234567, float("nan")]},
 "filters": np.zeros((3, 900), int), "images": images}

# %% accuracy tags=["values"]
{"accuracy": {"runs": np.array([0.97, 0.98, 0.99]), "format": ".1%"},
 "steps": {"runs": [10, 12], "format": ".0f", "tolerance": 4}}

# %% checks tags=["claim"]
share = np.float32(0.5)
assert 0.2 < share < 1 and share != -1
for digit in range(3):
    assert digit < 3


def unasked():
    assert False


assert np.allclose(share, 0.5)
assert "adam" == str("adam"), "a reason"
assert float("inf") > share
assert (np.arange(3) < 5).all()
assert np.all(np.diff([1.0, 3.0, 4.0]) > 0.5)
assert all((rows == 0).all() for rows in np.zeros((2, 3)))
assert np.isnan([np.nan]).all()
assert images.shape[1:] == (28, 28)
assert np.unravel_index(3, (2, 2)) == (1, 1)
assert not np.isclose([1, 2], [1.5, 2]).all()
assert np.array_equal(["a"], ["a"])


class Round:
    shape = "round"

    def __array__(self, *_, **__):
        raise RuntimeError("no array")


assert Round() != 1
np.seterr(all="raise")
assert not np.isclose(np.inf, -np.inf)
assert np.isclose(np.inf, np.inf)
"""


def built(blog: Blog, press: Press, script: str, body: str = "Words.") -> Record:
    add_post(blog, "post", script, body)
    told = press("build")
    assert told.code == 0, told.err
    record = read_record(blog, "post")
    assert record
    return record


def test_claims_are_kept_with_what_they_were_checked_with(blog: Blog, press: Press) -> None:
    record = built(blog, press, SCRIPT)

    assert [(claim.text.split(",")[0], claim.found) for claim in record.claims] == [
        ("assert 0.2 < share < 1 and share != -1", "0.5; 0.5"),
        ("assert digit < 3", "0 to 2"),
        ("assert False", ""),
        ("assert np.allclose(share", "at most 0 apart"),
        ('assert "adam" == str("adam")', "adam"),
        ('assert float("inf") > share', "inf; 0.5"),
        ("assert (np.arange(3) < 5).all()", "0 to 2"),
        ("assert np.all(np.diff([1.0", "1 to 2"),
        ("assert all((rows == 0).all() for rows in np.zeros((2", "0"),
        ("assert np.isnan([np.nan]).all()", "1 of 1"),
        ("assert images.shape[1:] == (28", "(28, 28)"),
        ("assert np.unravel_index(3", "(1, 1)"),
        ("assert not np.isclose([1", "at most 0.5 apart"),
        ('assert np.array_equal(["a"]', ""),
        ("assert Round() != 1", ""),
        ("assert not np.isclose(np.inf", "at most inf apart"),
        ("assert np.isclose(np.inf", "at most nan apart"),
    ]

    script = blog.code / "post.py"
    script.write_text(script.read_text().replace("# %% checks", "# a remark\n\n# %% checks"))
    assert press("build").code == 0
    again = read_record(blog, "post")
    assert again
    assert [claim.found for claim in again.claims] == [claim.found for claim in record.claims]
    assert again.claims[0].line == record.claims[0].line + 2


def test_data_become_a_file_and_a_sprite(blog: Blog, press: Press) -> None:
    record = built(blog, press, SCRIPT)

    mistakes = record.data["mistakes"]
    content = json.loads((blog.root / mistakes.file).read_bytes())
    assert content["labels"] == [n % 10 for n in range(18)]
    assert content["curves"] == {"loss": [0.12346, None]}
    assert len(content["filters"][2]) == 900
    assert mistakes.content == {key: content[key] for key in ("labels", "curves")}
    assert mistakes.shapes == {"labels": (18,), "curves": (), "filters": (3, 900)}
    sprite = mistakes.images
    assert sprite
    assert (sprite.count, sprite.side, sprite.columns) == (18, 28, 16)
    image = Image.open(io.BytesIO((blog.root / sprite.file).read_bytes()))
    assert image.size == (16 * 28, 2 * 28)
    assert image.getpixel((28, 28)) == 255
    assert image.getbbox() == (28, 28, 29, 29)


def test_a_mean_of_runs_says_its_spread_and_the_range_of_one_more(blog: Blog, press: Press) -> None:
    values = built(blog, press, SCRIPT).values

    assert (values["accuracy"].text, values["accuracy"].number) == ("98.0% ± 1.0", 98.0)
    assert (values["accuracy"].runs, values["accuracy"].expected) == (3, "93.0% to 103.0%")
    assert values["accuracy"].tolerance == pytest.approx(2.4)
    assert (values["steps"].text, values["steps"].tolerance) == ("11 ± 1", 4)
    assert values["accuracy"].line == 11


@pytest.mark.parametrize(
    ("cell", "problem"),
    [
        ('# %% d tags=["data"]\n3\n', "is tagged data, but its last expression is no dict"),
        (
            '# %% d tags=["data"]\n{"a": object()}\n',
            "is tagged data, but it holds something of the type object",
        ),
        (
            '# %% d tags=["data"]\nimport numpy as np\n{"images": np.zeros((401, 2, 2))}\n',
            "is tagged data, but it holds 401 images; a page may ship 400",
        ),
        (
            '# %% d tags=["data"]\n{"numbers": [0] * 20_001}\n',
            "is tagged data, but it holds more than 20,000 items",
        ),
        ('# %% d tags=["model"]\n3\n', "its last expression is no Sequential model"),
        (
            '# %% d tags=["values"]\n{"a": {"runs": [1]}}\n',
            "value 'a' is given as `runs`, which are no two or more finite numbers",
        ),
        (
            '# %% d tags=["values"]\n{"a": {"runs": [1, 2], "format": "?"}}\n',
            "value 'a' is given as `runs` that cannot be shown",
        ),
    ],
)
def test_what_cannot_be_shown_is_told(blog: Blog, press: Press, cell: str, problem: str) -> None:
    add_post(blog, "post", cell)

    told = press("build")

    assert told.code == 1
    assert problem in told.err
    assert told.err.splitlines()[-1].startswith("code/post.py:")


MODEL = """\
# %% model
import keras

keras.utils.set_random_seed(1)
model = keras.Sequential([keras.Input((784,)), keras.layers.Dense(10, activation="softmax")])

# %% reader tags=["model"]
model
"""


def test_a_model_becomes_a_file(blog: Blog, press: Press) -> None:
    record = built(blog, press, MODEL)

    reader = record.models["reader"]
    data = (blog.root / reader.file).read_bytes()
    (length,) = struct.unpack_from("<I", data)
    assert reader.parameters == 7850
    assert reader.bytes == len(data) == 4 + length + 2 * 7850
    assert json.loads(data[4 : 4 + length])["input"] == [784]


NOTHING_DRAWN = """\
# %% loaded tags=["values"]
import sys
{name: str(name in sys.modules) for name in ("matplotlib", "numpy", "pandas")}

# %% debugger
import debugpy

# %% formats
%config InlineBackend.figure_formats = ["png"]
import matplotlib.pyplot as plt
fig, ax = plt.subplots(figsize=(2, 1))
"""


def test_a_kernel_loads_what_its_script_imports(blog: Blog, press: Press) -> None:
    """Nor is anything lost by that: formats asked for before the first figure still hold SVG."""
    add_post(blog, "post", NOTHING_DRAWN)

    assert press("build").code == 0

    record = read_record(blog, "post")
    assert record
    assert {value.text for value in record.values.values()} == {"False"}
    assert [figure.file[-4:] for figure in record.figures.values()] == [".svg"]


def test_small_numbers_of_a_table_are_not_nought() -> None:
    assert _texts([1e-7, 3e-8]) == ["1e-07", "3e-08"]
    assert _texts([1e-12, 0.5, float("nan")]) == ["1e-12", "0.5", "nan"]
    assert _texts([0.0, 0.25, 1.0]) == ["0.00", "0.25", "1.00"]
