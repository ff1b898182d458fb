# SPDX-License-Identifier: MIT
"""The build scripts must be able to refuse: what a header may lack, and what the totals of a test run are.

usage: scripts.py SOURCE_ROOT
"""
import json
import os
import sys
import tempfile
import unittest

ROOT = sys.argv.pop(1)
sys.path.insert(0, os.path.join(ROOT, "scripts"))
sys.dont_write_bytecode = True

import apidoc  # noqa: E402
import cheader  # noqa: E402
import fieldtable  # noqa: E402
import test_totals  # noqa: E402

DOC = """/**
 * Get it. More
 * of that.
 * @param thing  the thing; NULL gives NULL.
 * @param ret_text  receives the text.
 * @param reterr  receives the error.
 * @return VIDSTORE_OK or a status.
 * Errors: INVALID (a value), IO.
 * Threads: any. Blocks: disk. Since 0.1.
 */
"""
DECLARATION = ("VIDSTORE_API vidstore_status vidstore_get(const vidstore *thing, char **ret_text,\n"
               "                                          vidstore_error **reterr);\n")


def parse(text, name="x.h"):
    return cheader.parse_header(name, text, {})


class Headers(unittest.TestCase):
    def test_function(self):
        function = parse(DOC + DECLARATION)["functions"][0]
        self.assertEqual(function["doc"]["summary"], "Get it.")
        self.assertEqual(function["doc"]["body"], "More\nof that.")
        self.assertEqual(function["doc"]["threads"], "any")
        self.assertEqual(function["doc"]["blocks"], "disk")
        self.assertEqual(function["doc"]["since"], "0.1")
        self.assertEqual([p["type"] for p in function["params"]], ["const vidstore *", "char **", "vidstore_error **"])

    def test_what_lacks_documentation(self):
        for text in (DECLARATION, DOC.replace(" * @param thing  the thing; NULL gives NULL.\n", "") + DECLARATION,
                     DOC.replace("thing  the", "thong  the") + DECLARATION,
                     DOC.replace("Threads: any. ", "") + DECLARATION,
                     DOC.replace(" Since 0.1.", "") + DECLARATION, "typedef struct vidstore_x vidstore_x;\n"):
            with self.assertRaises(cheader.HeaderError, msg=text):
                parse(text)

    def test_what_no_header_holds(self):
        for text in ("struct x { int32_t a; };\n", "int f(void);\n", "enum { VIDSTORE_A };\n", "static int32_t x;\n"):
            with self.assertRaises(cheader.HeaderError, msg=text):
                parse(text)

    def test_enum(self):
        values = parse("/** E. */\nenum {\n VIDSTORE_A_UNKNOWN = -1,\n VIDSTORE_A_B = 1 << 3, /**< Bee. */\n"
                       " VIDSTORE_A_C =\n   0x10 /**< Long,\n with commas. */\n};\n")["enums"][0]["values"]
        self.assertEqual([(v["value"], v["doc"]) for v in values], [(-1, ""), (8, "Bee."), (16, "Long, with commas.")])


class Description(unittest.TestCase):
    def describe(self, text, version="0.1.0"):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "base.h")
            with open(path, "w", encoding="utf-8") as file:
                file.write("/**\n * @file base.h\n * Base.\n */\n/** S. */\n"
                           "enum { VIDSTORE_OK = 0, VIDSTORE_INVALID = -3, VIDSTORE_IO = -19 };\n"
                           "/** V. */\ntypedef struct vidstore vidstore;\n" + text)
            return apidoc.describe(version, [path], [])

    def test_params(self):
        function = self.describe(DOC + DECLARATION)["functions"][0]
        self.assertEqual(function["codes"], ["INVALID", "IO"])
        thing, text, error = function["params"]
        self.assertEqual((thing["direction"], thing["ownership"], thing["nullable"]), ("in", "borrowed", True))
        self.assertEqual((text["direction"], text["ownership"]), ("out", "owned"))
        self.assertEqual(error["direction"], "out")

    def test_codes_of_another(self):
        other = (DOC + DECLARATION).replace("_get(const", "_set(const")
        other = other.replace("INVALID (a value), IO", "as vidstore_get()")
        functions = self.describe(DOC + DECLARATION + other)["functions"]
        self.assertEqual(functions[1]["codes"], ["INVALID", "IO"])

    def test_refusals(self):
        for text in (DOC + DECLARATION + DOC + DECLARATION,
                     DOC.replace("INVALID (a value), IO", "WHATEVER") + DECLARATION,
                     "/** E. */\nenum { VIDSTORE_X_A = 1 };\n"):
            with self.assertRaises(cheader.HeaderError, msg=text):
                self.describe(text)


class Fields(unittest.TestCase):
    def read(self, text, known):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "job_fields.h")
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
            return fieldtable.read(path, known)

    def test_table(self):
        noun = self.read('VS_FIELD(A, 1, TEXT, a, "a", VS_SET |\n VS_NULL, 2 * 8, NULL)\n'
                         'VS_VIRTUAL(B, 2, INT, , "b", 0, 0, NULL)\n'
                         'VS_FIELD(C, 3, HASH, c, "c", VS_SECRET, 32, NULL)\n',
                         {"VIDSTORE_JOB_A": 1, "VIDSTORE_JOB_B": 2})
        self.assertEqual([f["name"] for f in noun["fields"]], ["a", "b"])
        self.assertEqual((noun["fields"][0]["max"], noun["fields"][0]["uses"]), (16, ["null", "set"]))

    def test_refusals(self):
        for text in ('VS_FIELD(A, 2, TEXT, a, "a", 0, 0, NULL)\n', "VS_FIELD(A, 1, TEXT)\n", "/* nothing */\n"):
            with self.assertRaises(cheader.HeaderError, msg=text):
                self.read(text, {"VIDSTORE_JOB_A": 1})


class Totals(unittest.TestCase):
    def test_count(self):
        checks = "Running suite(s): x\n%d%%: Checks: 4, Failures: %d, Errors: %d\n"
        for result, output, expected in (("OK", checks % (100, 0, 0), (4, 0, 0)),
                                         ("FAIL", checks % (50, 1, 1), (2, 2, 0)),
                                         ("OK", "fine", (1, 0, 0)), ("TIMEOUT", "", (0, 1, 0)), ("SKIP", "", (0, 0, 1)),
                                         ("FAIL", checks % (100, 0, 0), (4, 1, 0)),
                                         ("OK", "skipped: a: no\n" + checks % (100, 0, 0), (3, 0, 1)),
                                         ("FAIL", "skipped: a: no\n" + checks % (75, 1, 0), (2, 1, 1)),
                                         ("SKIP", "SKIPPED: no Node", (0, 0, 1))):
            self.assertEqual(test_totals.count({"result": result, "stdout": output}), expected)

    def test_nothing_ran(self):
        with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
            self.assertEqual(test_totals.main(file.name), 1)
            file.write(json.dumps({"name": "x", "result": "OK"}) + "\n")
            file.flush()
            self.assertEqual(test_totals.main(file.name), 0)


if __name__ == "__main__":
    unittest.main()
