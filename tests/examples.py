"""A record to test with."""

from press.record.record import (
    SCHEMA,
    CellRecord,
    Claim,
    DataRecord,
    FigureRecord,
    Made,
    ModelRecord,
    Provenance,
    Record,
    Source,
    SpriteRecord,
    TableRecord,
    ValueRecord,
)
from press.run.outcome import Value
from press.script.keys import Keys


def record() -> Record:
    return Record(
        schema=SCHEMA,
        script="code/post.py",
        keys=Keys("c" * 64, "d" * 64),
        inputs={"code/shapes.py": "e" * 64, "code/model.keras": None},
        cells=(_cell("curve", figures=("curve",)), _cell("results", values=("a",)), _cell("x")),
        figures={"curve": FigureRecord("img/post/curve.0123abcd.svg", "0" * 64, "curve", 538, 326)},
        tables={
            "accuracy": TableRecord(
                columns=("", "test"),
                index=1,
                numeric=(False, True),
                rows=(("dense", "97.8%"),),
                numbers=((None, 97.8),),
                cell="accuracy",
            )
        },
        values={
            "a": ValueRecord("97.8% ± 0.1", 97.8, None, 3, "97.6% to 98.0%", cell="results", line=7)
        },
        claims=(Claim("checks", 9, "assert a > 0.97", "0.978"),),
        models={"net": ModelRecord("img/post/net.01234567.bin", "3" * 64, "net", 34826, 70216)},
        data={
            "mistakes": DataRecord(
                "img/post/mistakes.01234567.json",
                "4" * 64,
                "mistakes",
                {"labels": [1, 2], "curves": {"loss": [0.5, None]}},
                SpriteRecord("img/post/mistakes.01234567.png", "5" * 64, 2, 28, 2),
                {"labels": (2,), "curves": ()},
            )
        },
        requirements=Made("downloads/post.89abcdef.txt", "6" * 64),
        card=Made("img/post/card.fedcba98.png", "2" * 64),
        ledger=({"date": "2026-11-01", "values": {"a": "97.7%"}},),
        provenance=Provenance(
            date="2026-11-20T10:00:00Z",
            press="0.1.0",
            python="3.11.7",
            packages={"keras": "3.15.1"},
            system="Linux x86_64",
            cpu="A processor",
            cores=2,
            threads=2,
            seed=42,
            data=(Source("MNIST", "7" * 64, "its authors"),),
            seconds=41.2,
            cell_seconds=(0.1, 41.0, 0.1),
        ),
    )


def _cell(name: str, figures: tuple[str, ...] = (), values: tuple[str, ...] = ()) -> CellRecord:
    return CellRecord(
        name=name,
        tags=("values",) if values else (),
        line=2,
        end_line=3,
        source="x = 1\nx",
        output="1",
        warnings="",
        figures=figures,
        tables=(),
        values=values,
        untagged=None if values else {"b": Value("2", 2, None)},
    )
