# SPDX-License-Identifier: MIT
"""Prints the totals of a `meson test` run: `N passed, N failed`, and before it what was skipped and why.

A program of libcheck counts with each of its test cases, any other test as one. A test case that can't run on this
machine says `skipped: NAME: why` (tests/support/skip.h); it has not passed. A program that died, ran out of time or
failed without saying which case did counts as one failure. Exits with 1 when anything failed, or when nothing ran.
"""
import json
import os
import re
import sys

CHECKS = re.compile(r"^\d+%: Checks: (\d+), Failures: (\d+), Errors: (\d+)$", re.MULTILINE)
SKIPPED = re.compile(r"^skipped: (.+)$", re.MULTILINE | re.IGNORECASE)


def output_of(test):
    return (test.get("stdout") or "") + "\n" + (test.get("stderr") or "")


def count(test):
    """(passed, failed, skipped) of one line of the log."""
    output = output_of(test)
    if test["result"] == "SKIP":
        return 0, 0, 1
    good = test["result"] in ("OK", "EXPECTEDFAIL")
    passed = failed = 0
    for checks, failures, errors in CHECKS.findall(output):
        bad = int(failures) + int(errors)
        passed += int(checks) - bad
        failed += bad
    if passed + failed == 0:
        return (1, 0, 0) if good else (0, 1, 0)
    skipped = min(len(SKIPPED.findall(output)), passed)
    return passed - skipped, failed if good else max(failed, 1), skipped


def main(path):
    passed = failed = skipped = 0
    if not os.path.exists(path):  # nothing could be started
        print("0 passed, 1 failed")
        return 1
    with open(path, encoding="utf-8") as log:
        for line in log:
            test = json.loads(line)
            p, f, s = count(test)
            passed, failed, skipped = passed + p, failed + f, skipped + s
            for why in SKIPPED.findall(output_of(test)) or [""] * s:
                print(f"skipped: {test['name']}{': ' * bool(why)}{why}")
            if f:
                print("failed: " + test["name"])
    if skipped:
        print(f"{skipped} skipped")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
