"""Measure press beside its peers: the sections that are asked for, one after another."""

import argparse
import json
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

from contenders import ROOT
from measure import Failed, machine
from report import write_reports
from sections import Scale, blog, growth, post, quick

SECTIONS = {"post": post, "growth": growth, "blog": blog}


def main() -> None:
    options = _options()
    scale = replace(Scale(), cold_blog=options.blog_rounds)
    scale = quick(scale) if options.quick else scale
    # What a quick run measures is never published.
    target = ROOT / ".press" / "bench-quick" if options.quick else ROOT / "bench"
    target.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="press-bench-") as folder:
        for name in options.sections or ("post", "growth"):
            print(f"bench: {name}", file=sys.stderr, flush=True)
            place = Path(folder, name)
            place.mkdir()
            here = machine(place)
            measured = SECTIONS[name](here, place, scale)
            _keep(target / "results.json", name, {"machine": here.facts, **measured})
            write_reports(target)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench/run", description=__doc__)
    parser.add_argument(
        "sections", nargs="*", metavar="SECTION", help="post, growth, blog (default: the first two)"
    )
    parser.add_argument(
        "--quick", action="store_true", help="tiny and once, in .press: does the bench itself work?"
    )
    parser.add_argument(
        "--blog-rounds", type=int, default=1, metavar="N", help="cold builds of the blog's posts"
    )
    options = parser.parse_args()
    if unknown := set(options.sections) - SECTIONS.keys():
        parser.error(f"no such section: {', '.join(sorted(unknown))}")
    return options


def _keep(path: Path, name: str, measured: object) -> None:
    """Sections can be measured on different days; what is compared is always of one section."""
    known = json.loads(path.read_text("utf-8")) if path.exists() else {}
    known[name] = measured
    path.write_text(json.dumps(known, indent=1, ensure_ascii=False) + "\n", "utf-8")


if __name__ == "__main__":
    try:
        main()
    except Failed as error:
        sys.exit(f"bench: {error}")
    except KeyboardInterrupt:
        sys.exit(130)
