# SPDX-License-Identifier: MIT
"""Header functions = version map = dynamic symbols = API description = man pages; and every header is installed.

usage: symbols.py SOURCE_ROOT LIBRARY API_JSON MAN_FOLDER
"""
import glob
import json
import os
import re
import subprocess
import sys


def from_headers(folder):
    """Read with the plainest of patterns, so that a mistake of the real parser does not go unseen."""
    names = set()
    for path in glob.glob(os.path.join(folder, "*.h")) + glob.glob(os.path.join(folder, "*.h.in")):
        with open(path, encoding="utf-8") as file:
            text = re.sub(r"/\*.*?\*/", "", file.read(), flags=re.DOTALL)
        names |= set(re.findall(r"^VIDSTORE_API\b[^;(]*?\b(vidstore_\w+)\(", text, re.MULTILINE))
    return names


def from_map(path):
    with open(path, encoding="utf-8") as file:
        return set(re.findall(r"^\s*(\w+);$", file.read(), re.MULTILINE))


def from_library(path):
    """The defined dynamic symbols that bear the version node; anything else that is exported comes back as it is."""
    listed = subprocess.run(["nm", "-D", "--defined-only", path], capture_output=True, text=True, check=True).stdout
    symbols = {line.split()[-1] for line in listed.splitlines()}
    nodes = {s for s in symbols if re.fullmatch(r"VIDSTORE_\d+(@@VIDSTORE_\d+)?", s)}
    return {re.sub(r"@@VIDSTORE_\d+$", "", s) for s in symbols - nodes}


def from_man(folder):
    pages = {os.path.basename(p).removesuffix(".3") for p in glob.glob(os.path.join(folder, "*.3"))}
    named = set()
    for path in glob.glob(os.path.join(folder, "*.3")):
        with open(path, encoding="utf-8") as file:
            named |= set(re.findall(r"\b(vidstore_\w+)\b", file.read().split(".SH DESCRIPTION")[0].replace("\\", "")))
    return pages & named | {p for p in pages if is_alias(folder, p)}


def is_alias(folder, page):
    with open(os.path.join(folder, page + ".3"), encoding="utf-8") as file:
        match = re.match(r"\.so man3/(\w+\.3)\n$", file.read())
    return bool(match) and os.path.exists(os.path.join(folder, match.group(1)))


def main(root, library, api_path, man_folder):
    include = os.path.join(root, "include", "vidstore")
    with open(api_path, encoding="utf-8") as file:
        api = json.load(file)
    headers = from_headers(include)
    others = {
        "lib/vidstore.map": from_map(os.path.join(root, "lib", "vidstore.map")),
        "the library": from_library(library),
        "the API description": {f["name"] for f in api["functions"]},
    }
    status = 0 if headers else 1
    for where, names in others.items():
        for name in sorted(headers - names):
            print(f"{name}: in a header, not in {where}")
            status = 1
        for name in sorted(names - headers):
            print(f"{name}: in {where}, in no header")
            status = 1
    for name in sorted(headers - from_man(man_folder)):
        print(f"{name}: no man page")
        status = 1
    on_disk = {os.path.basename(p).removesuffix(".in") for p in glob.glob(os.path.join(include, "*.h*"))}
    for name in sorted(on_disk ^ {h["name"] for h in api["headers"]}):
        print(f"{name}: not in the list of include/vidstore/meson.build")
        status = 1
    print(f"{len(headers)} functions")
    return status


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
