"""The mean of several runs: into what range does one further run fall?"""

import random
import statistics

import pytest

from press.kernel.runs import mean_of, student


@pytest.mark.parametrize(
    ("freedom", "factor"),
    [(1, 12.7062), (2, 4.3027), (3, 3.1824), (4, 2.7764), (9, 2.2622), (30, 2.0423), (99, 1.9842)],
)
def test_the_factor_is_that_of_the_tables(freedom: int, factor: float) -> None:
    assert student(freedom) == pytest.approx(factor, abs=5e-5)


def test_the_factor_falls_towards_that_of_the_normal_distribution() -> None:
    factors = [student(freedom) for freedom in range(1, 200)]

    assert factors == sorted(factors, reverse=True)
    assert student(4000) == pytest.approx(1.960, abs=1e-3)


@pytest.mark.parametrize("count", [2, 3, 5, 12])
def test_about_95_of_100_further_runs_fall_into_the_range(count: int) -> None:
    chance, held, tries = random.Random(count), 0, 4000
    for _ in range(tries):
        *runs, another = [chance.gauss(0.97, 0.002) for _ in range(count + 1)]
        low, _, high = mean_of(runs, ".7f")["expected"].partition(" to ")
        held += float(low) <= another <= float(high)

    assert held / tries == pytest.approx(0.95, abs=0.012)


def test_a_mean_says_how_many_runs_it_is_of() -> None:
    runs = [0.975, 0.977, 0.979]
    told = mean_of(runs, ".2%")

    assert (told["text"], told["runs"]) == ("97.70% ± 0.20", 3)
    reach = 4.3027 * statistics.stdev(runs) * (1 + 1 / 3) ** 0.5
    assert told["expected"] == f"{0.977 - reach:.2%} to {0.977 + reach:.2%}"
