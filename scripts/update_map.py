# SPDX-License-Identifier: MIT
"""Writes the linker's version map from the public headers: every function that they declare, and nothing else.

usage: update_map.py [--check] HEADER_FOLDER MAP

One node before 1.0. From 1.0 on a released node is frozen and new functions go into a chained one.
"""
import argparse
import glob
import os
import sys

import cheader

HEAD = """# SPDX-License-Identifier: MIT
# The exported functions. Written by `./dev abi-update` from the public headers.
VIDSTORE_0 {
global:
"""


def functions_of(folder):
    known, names = {}, set()
    paths = glob.glob(os.path.join(folder, "*.h")) + glob.glob(os.path.join(folder, "*.h.in"))
    for path in sorted(paths, key=lambda p: (os.path.basename(p) != "base.h", p)):
        with open(path, encoding="utf-8") as file:
            names |= {f["name"] for f in cheader.parse_header(os.path.basename(path), file.read(), known)["functions"]}
    return sorted(names)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--check", action="store_true", help="only say whether the map is up to date")
    parser.add_argument("headers")
    parser.add_argument("map")
    args = parser.parse_args()
    text = HEAD + "".join(f"    {name};\n" for name in functions_of(args.headers)) + "local:\n    *;\n};\n"
    old = ""
    if os.path.exists(args.map):
        with open(args.map, encoding="utf-8") as file:
            old = file.read()
    if args.check:
        return 0 if text == old else 1
    if text != old:  # an unchanged map keeps its time, so that nothing is linked again
        with open(args.map, "w", encoding="utf-8") as file:
            file.write(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
