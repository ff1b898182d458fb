# SPDX-License-Identifier: MIT
"""Checks that the table of vidstore-limits(7) and the one of tests/api/limits.c are the same: no limit is promised that
no test holds to, and none is tested that nobody can read of.

usage: limits.py ROOT
"""
import os
import re
import sys

PAGE, TABLE = "man/vidstore-limits.7.scd", "tests/api/limits.c"
ENTRY = re.compile(r'^    \{"((?:[^"\\]|\\.)*)",\s*"((?:[^"\\]|\\.)*)",\s*(\w+),\s*(?:"([^"]*)"|NULL)\},', re.M)


def plain(text):
    """scdoc's text without its marks."""
    return re.sub(r"\\(.)", r"\1", re.sub(r"(?<![\w\\])_(.+?)(?<!\\)_(?!\w)", r"\1", text)).strip()


def promised(page):
    rows, what = {}, None
    for line in page.split("\n"):
        if line.startswith("|  "):
            what = plain(line[3:])
        elif line.startswith(":  ") and what:
            rows[what] = plain(line[3:])
            what = None
    return rows


def tested(table):
    return {what: (accepted, elsewhere) for what, accepted, _, elsewhere in ENTRY.findall(table)}


def check(root):
    def read(path):
        with open(os.path.join(root, path), encoding="utf-8") as file:
            return file.read()

    rows, tests = promised(read(PAGE)), tested(read(TABLE))
    problems = [f"{PAGE}: \"{what}\" has no line in the table of {TABLE}" for what in rows if what not in tests]
    problems += [f"{TABLE}: \"{what}\" is not in {PAGE}" for what in tests if what not in rows]
    for what, (accepted, elsewhere) in tests.items():
        if rows.get(what, accepted) != accepted:
            problems.append(f"{what}: {PAGE} accepts \"{rows[what]}\", {TABLE} \"{accepted}\"")
        file, _, test = elsewhere.partition(":")
        if elsewhere and f"START_TEST({test})" not in read(file):
            problems.append(f"{what}: there is no test {elsewhere}")
    return problems if rows and tests else ["no limits were found"]


if __name__ == "__main__":
    found = check(sys.argv[1])
    print("\n".join(found))
    sys.exit(1 if found else 0)
