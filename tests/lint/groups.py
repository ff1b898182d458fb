# SPDX-License-Identifier: MIT
"""Every group of attacks stands once in the table of vidstore-access(7), and each of the programs that the table names
has a test with the number of one of the groups, and each group such a test; or the table says what it waits for.

usage: groups.py ROOT
"""
import glob
import os
import re
import sys

PAGE = "man/vidstore-access.7.scd"
GROUPS = 60
NAMED = re.compile(r"(?:START_TEST\((?:attack|group)_|class Attack)(\d+)(?:_(to|and)_(\d+))?")


def expand(text):
    numbers = set()
    for part in text.split(","):
        first, _, last = part.strip().partition("-")
        numbers |= set(range(int(first), int(last or first) + 1))
    return numbers


def table(page):
    """The rows after the heading: groups, what is tried, where."""
    rows, cells = [], []
    for line in page[page.index("# ATTACKS"):page.index("# SEE ALSO")].split("\n"):
        if line.startswith("|  "):
            cells = [line[3:]]
        elif line.startswith(":  ") and cells:
            cells.append(line[3:].replace("\\_", "_"))
            if len(cells) == 3:
                rows.append((expand(cells[0]), cells[2]))
    return rows


def tests(source):
    numbers = set()
    for first, word, last in NAMED.findall(source):
        numbers |= set(range(int(first), int(last) + 1)) if word == "to" else {int(first), int(last or first)}
    return numbers


def check(rows, programs):
    problems, seen = [], []
    for groups, where in rows:
        seen += groups
        if where.startswith("wait for "):
            continue
        found = set()
        for name in where.split(", "):
            if name not in programs:
                problems.append(f"{PAGE} names {name}, which is no program of tests")
            elif not groups & programs[name]:
                problems.append(f"{name} has no test of the groups {sorted(groups)}")
            found |= programs.get(name, set())
        problems += [f"no test of {where} has the number {group}" for group in sorted(groups - found)]
    problems += [f"group {group} stands {seen.count(group)} times in {PAGE}" for group in range(1, GROUPS + 1)
                 if seen.count(group) != 1]
    return problems


def self_test():
    """The check must be able to fail."""
    programs = {"a": {1, 2}, "b": {3}}
    good = [(set(range(4, 61)), "wait for c"), ({1, 2}, "a"), ({3}, "b")]
    bad = [(set(range(5, 61)), "wait for c"), ({1, 2, 3}, "a, c"), ({3}, "a")]
    if check(good, programs) or len(check(bad, programs)) != 6:
        sys.exit("self-test failed: " + str(check(bad, programs)))


def main(root):
    self_test()
    programs = {}
    folder = os.path.join(root, "tests", "*")
    for path in glob.glob(os.path.join(folder, "*.c")) + glob.glob(os.path.join(folder, "test_*.py")):
        with open(path, encoding="utf-8") as file:
            programs.setdefault(os.path.splitext(os.path.basename(path))[0], set()).update(tests(file.read()))
    with open(os.path.join(root, PAGE), encoding="utf-8") as file:
        found = check(table(file.read()), programs)
    print("\n".join(found) if found else "every group of attacks has its tests")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
