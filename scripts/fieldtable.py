# SPDX-License-Identifier: MIT
"""Reads a noun's field table (lib/<noun>s/<noun>_fields.h): one VS_FIELD(…) a line, its words in doc comments."""
import os
import re

import cheader

FIELD = re.compile(r"VS_FIELD\(\s*(?P<args>[^()]*(?:\([^()]*\)[^()]*)*)\)[ \t]*\\?[ \t]*(?P<doc>/\*.*?\*/)?", re.DOTALL)


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
    """The noun of a table and its fields. `known` holds the enumerators of the public headers."""
    noun = os.path.basename(path).removesuffix("_fields.h")
    with open(path, encoding="utf-8") as file:
        text = file.read()
    fields = []
    for match in FIELD.finditer(re.sub(r"^[ \t]*#[ \t]*(define|undef|ifndef|ifdef|endif|include).*?(?<!\\)$", "", text, flags=re.M)):
        args = split_arguments(match.group("args"))
        if len(args) < 6:
            raise cheader.HeaderError(f"{path}: a field needs suffix, id, type, column, name and uses: {match.group('args')}")
        fields.append(describe(noun, args, match.group("doc"), known, path))
    if not fields:
        raise cheader.HeaderError(f"{path}: no VS_FIELD line")
    return {"name": noun, "fields": fields}


def describe(noun, args, doc, known, path):
    suffix, number, kind, column, name, uses = args[:6]
    constant = f"VIDSTORE_{noun.upper()}_{suffix}"
    value = known.get(constant)
    if value is None:
        raise cheader.HeaderError(f"{path}: {constant} is in no public header")
    if re.fullmatch(r"\d+", number) and int(number) != value:
        raise cheader.HeaderError(f"{path}: {constant} is {value} in the header and {number} here")
    return {
        "constant": constant,
        "id": value,
        "name": name.strip('"'),
        "column": column.strip('"'),
        "type": kind.removeprefix("VS_").lower(),
        "uses": sorted(u.strip().removeprefix("VS_").lower() for u in uses.split("|") if u.strip() not in ("", "0")),
        "max": args[6] if len(args) > 6 else "0",
        "words": args[7] if len(args) > 7 else "NULL",
        "doc": cheader.one_line(cheader.plain(doc.replace("/*", "/**", 1)) if doc else ""),
    }
