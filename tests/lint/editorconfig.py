# SPDX-License-Identifier: MIT
"""Checks what .editorconfig says of every text file, and that each source names its licence.

usage: editorconfig.py ROOT
"""
import os
import sys

import source

WIDTH = 120
TABS = (".scd", ".mk", "Makefile", ".go", "go.mod")
LICENSED = (".c", ".h", ".h.in", ".py", ".sh", ".sql", "meson.build", "meson_options.txt", "dev", "run")
# Data for tests is what it is.
EXEMPT = ("tests/data/", "tests/abi/vidstore.abi", "LICENSE")


def check(path, data):
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return [f"{path}: not UTF-8"]
    problems = []
    if data and not text.endswith("\n"):
        problems.append(f"{path}: no newline at the end")
    if "\r" in text:
        problems.append(f"{path}: carriage returns")
    for number, line in enumerate(text.split("\n"), 1):
        if line != line.rstrip(" \t"):
            problems.append(f"{path}:{number}: white space at the end")
        if len(line) > WIDTH:
            problems.append(f"{path}:{number}: {len(line)} characters, at most {WIDTH}")
        if "\t" in line[:len(line) - len(line.lstrip())] and not path.endswith(TABS):
            problems.append(f"{path}:{number}: indented with a tab")
    if path.endswith(LICENSED) and data and "SPDX-License-Identifier: MIT" not in text[:400]:
        problems.append(f"{path}: no SPDX-License-Identifier")
    return problems


def self_test():
    cases = [("a.c", b"/* SPDX-License-Identifier: MIT */\nx \n", 1), ("a.md", b"x", 1), ("a.md", b"\tx\r\n", 2),
             ("a.c", b"int x;\n", 1), ("a.md", b"x" * 121 + b"\n", 1), ("a.md", b"\xff\n", 1),
             ("a.md", "é\n".encode(), 0)]
    for path, data, expected in cases:
        if len(check(path, data)) != expected:
            sys.exit(f"self-test: {path} {data}: {check(path, data)}")


def main(root):
    self_test()
    problems = []
    for path in source.tracked(root):
        if path.startswith(EXEMPT):
            continue
        with open(os.path.join(root, path), "rb") as file:
            data = file.read()
        if b"\0" not in data[:4096]:
            problems += check(path, data)
    return source.report(problems, "editorconfig")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
