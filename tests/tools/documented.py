# SPDX-License-Identifier: MIT
"""The man page of the command names every command, option and exit code that the command knows, and no option besides.

usage: documented.py VIDSTORE PAGE.scd
"""
import re
import subprocess
import sys


def read_table(program):
    rows = subprocess.run([program, "help", "--table"], capture_output=True, text=True, check=True).stdout
    return [line.split("\t") for line in rows.splitlines()]


def plain(page):
    """The page without its marks of bold and underline."""
    return re.sub(r"\\(.)", r"\1", re.sub(r"[*_]", "", page))


def check(rows, page):
    text, problems = plain(page), []
    options = set()
    for row in rows:
        if row[0] == "command" and not re.search(r"^(?:.*…, )?%s\b" % row[1], text, re.MULTILINE):
            problems.append(f"the command {row[1]} is not in the man page")
        if row[0] == "option":
            options.add(row[2])
            if not re.search(r"%s(?![\w-])" % row[2], text):
                problems.append(f"the option {row[2]} of {row[1] or 'every command'} is not in the man page")
        # Underscores in a meaning are eaten on both sides.
        if row[0] == "exit" and f"\n{row[1]}\n\t{row[2]}\n" not in text:
            problems.append(f"exit code {row[1]} ({row[2]}) is not in the man page")
    for named in sorted(set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", text)) - options):
        problems.append(f"the man page has the option {named}, the command has not")
    return problems


def self_test():
    """The check must be able to fail."""
    page = "*a b* _X_\n\t*--one*\n\n*0*\n\tdone\n"
    good = [["command", "a b", "X", ""], ["option", "a b", "--one", "-", ""], ["exit", "0", "done"]]
    bad = [["command", "c", "", ""], ["option", "a b", "--on", "-", ""], ["exit", "0", "fine"]]
    if check(good, page) or len(check(bad, page)) != 4:
        sys.exit("self-test failed")


def main(program, path):
    self_test()
    with open(path, encoding="utf-8") as file:
        problems = check(read_table(program), file.read())
    for problem in problems:
        print(problem)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
