# SPDX-License-Identifier: MIT
"""Reads a noun's field table (lib/<noun>s/<noun>_fields.h), the form of which lib/record/field.h states."""
import os
import re

import cheader

FIELD = re.compile(r"^[ \t]*VS_(?P<kind>FIELD|VIRTUAL)\((?P<args>[^()]*(?:\([^()]*\)[^()]*)*)\)", re.MULTILINE)
COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)


def split_arguments(text):
    """Arguments at the outer level: commas in brackets and strings do not count."""
    args, depth, current, quoted = [], 0, "", False
    for char in text:
        quoted = quoted != (char == '"')
        depth += {"(": 1, ")": -1}.get(char, 0) if not quoted else 0
        if char == "," and depth == 0 and not quoted:
            args.append(current)
            current = ""
        else:
            current += char
    return [a.replace("\\\n", " ").strip() for a in args + [current]]


def read(path, known):
    """The noun of a table and those of its fields that may leave. `known`: the enumerators of the public headers."""
    noun = os.path.basename(path).removesuffix("_fields.h")
    with open(path, encoding="utf-8") as file:
        text = COMMENT.sub("", file.read())
    fields = [describe(noun, match, known, path) for match in FIELD.finditer(text)]
    if not fields:
        raise cheader.HeaderError(f"{path}: no VS_FIELD line")
    return {"name": noun, "fields": [f for f in fields if "secret" not in f["uses"]]}


def describe(noun, match, known, path):
    args = split_arguments(match.group("args"))
    if len(args) != 8:
        raise cheader.HeaderError(f"{path}: not the eight arguments of lib/record/field.h: {match.group()}")
    suffix, number, kind, column, name, uses, limit, words = args
    uses = uses.replace("VS_FREE", "VS_SET | VS_NULL | VS_FILTER")
    uses = sorted(u.strip().removeprefix("VS_").lower() for u in uses.split("|") if u.strip() != "0")
    constant = f"VIDSTORE_{noun.upper()}_{suffix}"
    # A secret field is nobody's business and has no constant.
    if "secret" not in uses and known.get(constant) != int(number, 0):
        raise cheader.HeaderError(f"{path}: {constant} is {number} here and {known.get(constant)} in the header")
    field = {"constant": constant, "id": int(number, 0), "name": name.strip('"'),
             "type": kind.removeprefix("VS_").lower(), "uses": uses, "virtual": match.group("kind") == "VIRTUAL"}
    if limit != "0":
        field["max"] = arithmetic(limit)
    if words != "NULL":
        field["words"] = words
    return field


def arithmetic(text):
    """A maximum as a number where it is one: 64 * 1024."""
    if not re.fullmatch(r"[\d\s*+()]+", text):
        return text
    return eval(text, {"__builtins__": {}})  # nothing but digits and operators is left
