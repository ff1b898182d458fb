# SPDX-License-Identifier: MIT
"""Checks that each row of vidstore-input(7) names tests in tests/api/bad_input.txt, and that these tests are there.

usage: inputs.py ROOT
"""
import os
import re
import sys

PAGE, TABLE = "man/vidstore-input.7.scd", "tests/api/bad_input.txt"


def read(root, path):
    with open(os.path.join(root, path), encoding="utf-8") as file:
        return file.read()


def tested(text):
    """{what: [test]} of the table: indented lines belong to the line before."""
    rows, what = {}, None
    for line in text.split("\n"):
        if line.startswith("  ") and what:
            rows[what].append(line.strip())
        elif line and not line.startswith("#"):
            what = line
            rows[what] = []
    return rows


def is_there(root, test):
    """Whether the file has that test, and runs it when it is one in C, where tests are named twice."""
    path, _, name = test.partition(":")
    if not os.path.exists(os.path.join(root, path)):
        return False
    text = read(root, path)
    if path.endswith(".py"):
        return re.search(rf"^    def {name}\(", text, re.M) is not None
    return f"START_TEST({name})" in text and len(re.findall(rf"\b{name}\b", text)) > 1


def check(root):
    promised = re.findall(r"^\|  (.*)$", read(root, PAGE), re.M)
    rows = tested(read(root, TABLE))
    problems = [f"{PAGE}: \"{what}\" is not in {TABLE}" for what in promised if what not in rows]
    problems += [f"{TABLE}: \"{what}\" is not in {PAGE}" for what in rows if what not in promised]
    for what, tests in rows.items():
        problems += [] if tests else [f"{TABLE}: \"{what}\" has no test"]
        problems += [f"{what}: no test {test}" for test in tests if not is_there(root, test)]
    return problems if promised else ["no rows were found"]


if __name__ == "__main__":
    found = check(sys.argv[1])
    print("\n".join(found))
    sys.exit(1 if found else 0)
