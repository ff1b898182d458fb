# SPDX-License-Identifier: MIT
"""The Python binding against the real library: every function of the C API is called, and does what it says.

The last case fails when the API has a function that no other case reached, so that a new call needs a line in one of
the files binding_*.py.
"""
import gc
import unittest

import counted
import vidstore
from binding_access import Keys, Logins, Links, Quotas, Once, Grants, Audit, Upkeep
from binding_case import called
from binding_calls import ByName, Conformance, Background, Watching
from binding_records import Nouns, Queries, Users, Collections
from binding_values import Marshalling, Errors, Stores
from binding_work import Jobs, Files, Videos


class ZZZ(unittest.TestCase):
    def test_every_function_of_the_api_was_called(self):
        gc.collect()
        self.assertEqual([], sorted(set(vidstore.lib.descriptions) - called))


if __name__ == "__main__":
    counted.main()
