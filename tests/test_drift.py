"""Old beside new: what is the same, what is within tolerance, what moved."""

from dataclasses import replace

import pytest

from press.record.drift import GONE, MOVED, WITHIN, differences, drift, ledger_entry, table
from press.record.record import Record, TableRecord, ValueRecord

from .examples import record


def with_value(text: str, number: float | None, tolerance: float | None = None) -> Record:
    return replace(record(), values={"a": ValueRecord(text, number, tolerance, cell="results")})


@pytest.mark.parametrize(
    ("old", "new", "tolerance", "verdict"),
    [
        (("97.83%", 97.83), ("97.60%", 97.60), None, WITHIN),
        (("97.83%", 97.83), ("97.50%", 97.50), None, MOVED),
        (("97.83%", 97.83), ("97.60%", 97.60), 0.1, MOVED),
        (("97.83%", 97.83), ("97.84%", 97.84), 0, MOVED),
        (("200", 200), ("228", 228), None, WITHIN),
        (("200", 200), ("229", 229), None, MOVED),
        (("0.250", 0.25), ("0.262", 0.262), None, WITHIN),
        (("0.250", 0.25), ("0.264", 0.264), None, MOVED),
        (("yes", None), ("no", None), None, MOVED),
        (("97.83%", 97.83), ("none", None), None, MOVED),
    ],
)
def test_verdicts(
    old: tuple[str, float | None],
    new: tuple[str, float | None],
    tolerance: float | None,
    verdict: str,
) -> None:
    (item,) = drift(with_value(*old, tolerance), with_value(*new, tolerance), {})

    assert (item.what, item.old, item.new, item.verdict) == ("value 'a'", old[0], new[0], verdict)


def test_the_post_may_set_another_tolerance() -> None:
    old, new = with_value("97.8%", 97.8), with_value("97.0%", 97.0)

    assert drift(old, new, {})[0].verdict == MOVED
    assert drift(old, new, {"a": 1})[0].verdict == WITHIN


@pytest.mark.parametrize("spreads", [(0.5, 0.2), (0.2, 0.5)])
def test_of_two_means_of_runs_the_larger_spread_counts(spreads: tuple[float, float]) -> None:
    old, new = (
        replace(record(), values={"a": ValueRecord(f"{mean}% ± 0.1", mean, spread, runs=5)})
        for mean, spread in zip((97.8, 97.4), spreads, strict=True)
    )

    assert drift(old, new, {})[0].verdict == WITHIN
    assert drift(old, new, {"a": 0.3})[0].verdict == MOVED


def test_the_post_s_tolerance_wins_over_the_script_s() -> None:
    old, new = with_value("97.8%", 97.8, 9), with_value("97.0%", 97.0, 9)

    assert drift(old, new, {})[0].verdict == WITHIN
    assert drift(old, new, {"a": 0.5})[0].verdict == MOVED
    assert drift(old, new, {"a": 0})[0].verdict == MOVED


def test_equal_records_do_not_drift() -> None:
    assert drift(record(), record(), {}) == []


def test_values_that_come_and_go_have_moved() -> None:
    without = replace(record(), values={})

    assert [item.verdict for item in drift(record(), without, {})] == [MOVED]
    assert [item.verdict for item in drift(without, record(), {})] == [MOVED]


def test_a_table_is_judged_entry_by_entry() -> None:
    old = record()
    entries = old.tables["accuracy"]
    rows, numbers = (("dense", "97.7%"),), ((None, 97.7),)
    new = replace(
        old, tables={"accuracy": TableRecord(**{**vars(entries), "rows": rows, "numbers": numbers})}
    )

    (item,) = drift(old, new, {})
    assert (item.what, item.verdict) == ("table 'accuracy', row 1, test", WITHIN)
    assert drift(old, new, {"accuracy/test": 0.05})[0].verdict == MOVED


@pytest.mark.parametrize(
    ("new", "verdict"),
    [
        ("loss: 0.2510 after 5 epochs", WITHIN),
        ("loss: 0.3500 after 5 epochs", MOVED),
        ("the loss: 0.2500 after 5 epochs", MOVED),
    ],
)
def test_printed_text_is_judged_by_its_words_and_numbers(new: str, verdict: str) -> None:
    old = record()
    printed = replace(old.cells[0], output="loss: 0.2500 after 5 epochs")
    before = replace(old, cells=(printed, *old.cells[1:]))
    after = replace(old, cells=(replace(printed, output=new), *old.cells[1:]))

    assert [item.verdict for item in drift(before, after, {})] == [verdict]


def test_a_figure_follows_the_numbers() -> None:
    old = record()
    figure = replace(old.figures["curve"], sha256="f" * 64)

    assert drift(old, replace(old, figures={"curve": figure}), {})[0].verdict == WITHIN


def test_conditions_that_can_move_a_result_are_told() -> None:
    old = record().provenance
    new = replace(old, threads=1, python="3.12.1", packages={"keras": "3.16.0"}, date="later")

    assert differences(old, old) == []
    assert differences(old, replace(old, python="3.11.9", cores=64)) == []
    assert differences(old, new) == [
        "Python 3.11 → 3.12",
        "threads 2 → 1",
        "keras 3.15.1 → 3.16.0",
    ]


def test_a_processor_is_known_by_what_it_has() -> None:
    full = replace(record().provenance, traits=("model 17", "avx2", "avx512f"))
    less = replace(full, traits=("model 17", "avx2", "ONEDNN_MAX_CPU_ISA=AVX2"))

    assert differences(full, full) == []
    assert differences(full, less) == ["processor with avx512f → ONEDNN_MAX_CPU_ISA=AVX2"]
    assert differences(less, replace(less, traits=("model 17", "avx2"))) == [
        "processor with ONEDNN_MAX_CPU_ISA=AVX2 → none"
    ]
    assert differences(record().provenance, less) == [], "an older press did not note it"


def test_the_ledger_keeps_what_moved_and_where_it_came_from() -> None:
    old, new = with_value("97.8%", 97.8), with_value("97.9%", 97.9)
    (entry,) = ledger_entry(old, drift(old, new, {}))

    assert entry["values"] == {"a": "97.8%"}
    assert (entry["date"], entry["threads"]) == (old.provenance.date, 2)
    assert entry["compute"] == old.keys.compute
    assert entry["verdicts"].keys() == entry["values"].keys()
    assert set(entry["verdicts"].values()) <= {WITHIN, MOVED}
    assert ledger_entry(old, []) == []


def test_only_what_changed_is_called_changed() -> None:
    texts = {
        "same": (("97.8%", 97.83), ("97.8%", 97.83)),
        "as_read": (("97.8%", 97.83), ("97.8%", 97.76)),
        "spread": (("0.24", 0.24), ("0.24 ± 0.25", 0.24)),
        "within": (("97.8%", 97.8), ("97.9%", 97.9)),
        "beyond": (("97.8%", 97.8), ("99.9%", 99.9)),
        "gone": (("3", 3), None),
        "new": (None, ("3", 3)),
    }

    def values(side: int) -> dict[str, ValueRecord]:
        found = {name: pair[side] for name, pair in texts.items()}
        return {name: ValueRecord(*pair, None, cell="r") for name, pair in found.items() if pair}

    old, new = (replace(record(), values=values(side)) for side in (0, 1))
    (entry,) = ledger_entry(old, drift(old, new, {}))

    assert entry["verdicts"] == {"within": WITHIN, "beyond": MOVED, "gone": GONE}
    assert entry["values"] == {"within": "97.8%", "beyond": "97.8%", "gone": "3"}


def test_the_table_says_old_new_difference_and_verdict() -> None:
    old, new = with_value("97.8%", 97.8), with_value("97.9%", 97.9)

    assert (
        table(drift(old, new, {})) == "  value 'a'  97.8% → 97.9%  +0.1 of ±0.3  within tolerance"
    )
