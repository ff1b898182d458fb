# SPDX-License-Identifier: MIT
"""Prints the totals of a `meson test` run: `N passed, N failed`.

A program of libcheck counts with each of its test cases, any other test as one. A program that died, ran out of time or
failed without saying which case did counts as one failure. Exits with 1 when anything failed, or when nothing ran.
"""
import json
import os
import re
import sys

CHECKS = re.compile(r"^\d+%: Checks: (\d+), Failures: (\d+), Errors: (\d+)$", re.MULTILINE)


def count(test):
    """(passed, failed, skipped) of one line of the log."""
    output = (test.get("stdout") or "") + "\n" + (test.get("stderr") or "")
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
    return passed, failed if good else max(failed, 1), 0


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
            if s:
                print("skipped: " + test["name"])
            elif f:
                print("failed: " + test["name"])
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
