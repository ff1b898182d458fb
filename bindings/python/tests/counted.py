# SPDX-License-Identifier: MIT
"""Runs the unittest cases of a file and ends with a line that the project's totals count, one a case."""
import sys
import unittest


def main() -> None:
    suite = unittest.defaultTestLoader.loadTestsFromModule(sys.modules["__main__"])
    result = unittest.TextTestRunner(stream=sys.stdout, verbosity=1).run(suite)
    bad = len(result.failures) + len(result.unexpectedSuccesses)
    good = result.testsRun - bad - len(result.errors)
    share = 100 * good // max(1, result.testsRun)
    print(f"{share}%: Checks: {result.testsRun}, Failures: {bad}, Errors: {len(result.errors)}")
    sys.exit(0 if result.wasSuccessful() and result.testsRun else 1)
