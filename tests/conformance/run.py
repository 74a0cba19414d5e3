"""Run the official suites against a server and compare what they find with what is expected of them.

``python tests/conformance/run.py [SUITE ...]``; all suites without a name. Exits with 1 on any difference. What
server and suites say is in test-results/conformance.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import time
from fnmatch import fnmatchcase
from itertools import groupby
from pathlib import Path
from typing import Any

import yaml
from server import Server, running
from suites import REFERENCE, SUITES, Outcome

#: The data of the server, and what server and suites say.
FOLDER = Path(__file__).parents[2] / "test-results" / "conformance"


def differences(outcome: Outcome, expected: list[dict[str, Any]]) -> list[str]:
    """Return what is other than expected of the cases of a suite.

    Parameters
    ----------
    outcome : dict
        What is wrong with each case, nothing where it passes.
    expected : list of dict
        What fails: ``case``, a pattern; ``message``, a part of what is wrong, optional; ``because``; and ``always``,
        false where random requests do not always come upon it.
    """
    found, met = [], [False] * len(expected)
    for case, fault in outcome.items():
        fits = [fnmatchcase(case, each["case"]) and each.get("message", "") in fault for each in expected]
        if fault and not any(fits):
            found.append(f"{case} failed: {' '.join(fault.split())[:500]}")
        elif fault:
            met = [before or fit for before, fit in zip(met, fits, strict=True)]
    passed = (
        each["case"] for each, is_met in zip(expected, met, strict=True) if not is_met and each.get("always", True)
    )
    return [*found, *(f"{case} is expected to fail and passed: strike it out" for case in passed)]


def main(names: list[str]) -> int:
    """Run suites, those that need the same server one after the other; return 1 where one differs."""
    if not REFERENCE.is_dir():
        print(f"SKIPPED: the suites validate with the documents of {REFERENCE}, which is not there.")
        return 0
    table = yaml.safe_load((Path(__file__).parent / "expected.yaml").read_text("utf-8"))
    shutil.rmtree(FOLDER, ignore_errors=True)
    by_server = groupby(sorted(names, key=_options), _options)
    passed = failed = 0
    for options, group in by_server:
        shutil.rmtree(FOLDER / "data", ignore_errors=True)
        with running(FOLDER, *options) as server:
            for name in group:
                as_expected, other = _run(name, server, table.get(name, []))
                passed, failed = passed + as_expected, failed + other
    print("As expected." if not failed else f"{failed} differences from tests/conformance/expected.yaml.")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


def _options(name: str) -> tuple[str, ...]:
    return SUITES[name].server


def _run(name: str, server: Server, expected: list[dict[str, Any]]) -> tuple[int, int]:
    """Run a suite, tell what it finds, and return how many cases pass and how many are other than expected."""
    start = time.monotonic()
    outcome = SUITES[name].run(server)
    passed = sum(not fault for fault in outcome.values())
    other = differences(outcome, expected)
    print(f"{name}: {passed} of {len(outcome)} pass, {time.monotonic() - start:.0f} s")
    for each in other:
        print(f"  {each}")
    sys.stdout.flush()
    return passed, len(other)


def _names() -> list[str]:
    parser: Any = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("suites", nargs="*", choices=[*SUITES, []], metavar="SUITE", help=", ".join(SUITES))
    return list(parser.parse_args().suites or SUITES)


if __name__ == "__main__":
    sys.exit(main(_names()))
