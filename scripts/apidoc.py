# SPDX-License-Identifier: MIT
"""Writes the API description: what a binding has to know of every function, constant and field, as JSON.

usage: apidoc.py --version V --output FILE HEADER… FIELD_TABLE…

Everything comes from the headers and the field tables; what their prose does not say follows from the conventions in
base.h (who owns what, what may be NULL). A function that is not documented is an error.
"""
import argparse
import json
import os
import re
import sys

import byname
import cheader
import fieldtable

NULLABLE = re.compile(r"\bNULL\b(?! is refused| is MISUSE)|\boptional\b", re.IGNORECASE)
NOT_NULL = re.compile(r"\b(not|never|must not be) NULL\b", re.IGNORECASE)
TAKEN = re.compile(r"\b(taken over|takes over|consumed|freed by this call)\b", re.IGNORECASE)


def is_handle(ctype, handles):
    match = re.fullmatch(r"(?:const )?(\w+) \*", ctype)
    return bool(match) and match.group(1) in handles


def describe_param(function, param, handles):
    """Direction, ownership and whether NULL is allowed, of one parameter."""
    ctype, name = param["type"], param["name"]
    entry = {"name": name, "type": ctype, "direction": "in", "ownership": "value", "nullable": False}
    if name == "reterr" or (name.startswith("ret") and ctype.endswith("*")):
        entry["direction"] = "out"
        entry["nullable"] = not NOT_NULL.search(param["doc"])
        if ctype.endswith("**"):
            entry["ownership"] = "borrowed" if ctype.startswith("const ") else "owned"
        elif ctype in ("char *", "void *", "uint8_t *"):
            entry["ownership"] = "caller"  # a buffer that the caller provides
    elif ctype.endswith("*") or ctype.endswith("]"):
        entry["nullable"] = bool(NULLABLE.search(param["doc"])) and not NOT_NULL.search(param["doc"])
        if is_handle(ctype, handles):
            consumed = function.endswith(("_free", "_close")) or TAKEN.search(param["doc"])
            entry["ownership"] = "taken" if consumed else "borrowed"
        elif ctype.startswith("const "):
            entry["ownership"] = "copied"
        else:
            entry["direction"] = "out"
            entry["ownership"] = "caller"
    unit = re.search(r"_(us|ms)$", name)
    if unit:
        entry["unit"] = {"us": "microseconds", "ms": "milliseconds"}[unit.group(1)]
    if param["doc"]:
        entry["doc"] = param["doc"]
    return entry


def describe_return(function):
    ctype, doc = function["return_type"], function["doc"]["returns"]
    entry = {"type": ctype}
    if ctype.endswith("*"):
        if re.search(r"\bstatic\b", doc):
            entry["ownership"] = "static"
        elif ctype.startswith("const ") or re.search(r"\bborrowed\b", doc, re.IGNORECASE):
            entry["ownership"] = "borrowed"
            if function["params"]:
                entry["borrowed_from"] = function["params"][0]["name"]
        else:
            entry["ownership"] = "owned"
        entry["nullable"] = bool(NULLABLE.search(doc)) and not NOT_NULL.search(doc)
    if doc:
        entry["doc"] = doc
    return entry


def codes_of(function, statuses, functions):
    """The status codes that a function's `Errors:` names, in that order; `as vidstore_x()` stands for all of x's."""
    text = function["doc"].get("errors", "")
    found = []
    for word in re.findall(r"vidstore_\w+(?=\(\))|\b[A-Z][A-Z_]+\b", text):
        if word in functions and functions[word] is not function:
            found += codes_of(functions[word], statuses, functions)
        elif word.removeprefix("VIDSTORE_") in statuses:
            found.append(word.removeprefix("VIDSTORE_"))
    if text and not found and not text.lower().startswith("none"):
        raise cheader.HeaderError(f"{function['name']}() names no known status in `Errors:`")
    return list(dict.fromkeys(found))


def describe_function(header, function, handles, codes):
    doc = function["doc"]
    entry = {
        "name": function["name"],
        "header": header,
        "summary": doc["summary"],
        "returns": describe_return(function),
        "params": [describe_param(function["name"], p, handles) for p in function["params"]],
        "threads": doc["threads"],
        "blocks": "no" if doc.get("blocks", "nothing") == "nothing" else doc["blocks"],
        "codes": codes,
        "since": doc["since"],
    }
    if doc["body"]:
        entry["description"] = doc["body"]
    if "errors" in doc:
        entry["errors"] = doc["errors"]
    return entry


def check_likeness(functions):
    """What is `as of` another function is also NULL where it is there."""
    by_name = {f["name"]: {p["name"]: p for p in f["params"]} for f in functions}
    for function in functions:
        for param in function["params"]:
            like = re.match(r"as (?:of|for) (vidstore_\w+)\(\)", param.get("doc", ""))
            other = by_name.get(like.group(1), {}).get(param["name"]) if like else None
            if other and other["nullable"] != param["nullable"]:
                raise cheader.HeaderError(f"{function['name']}(): {param['name']} is not NULL as of {like.group(1)}()")


def group_name(enum):
    """An enumeration is called after its _UNKNOWN: VIDSTORE_JOB_STATE_UNKNOWN -> job_state; fields are job_field."""
    unknown = [v["name"] for v in enum["values"] if v["name"].endswith("_UNKNOWN") and v["value"] == -1]
    if not unknown:
        if any(v["name"] == "VIDSTORE_OK" for v in enum["values"]):
            return "status"
        raise cheader.HeaderError(f"the enumeration of {enum['values'][0]['name']} has no _UNKNOWN = -1")
    name = unknown[0].removeprefix("VIDSTORE_").removesuffix("_UNKNOWN").lower()
    return name + "_field" if enum["doc"].startswith("Fields of") else name


def add_words(enum):
    """The word that JSON, filters and bindings use for each value: the name without what all the names begin with."""
    names = [v["name"] for v in enum["values"] if not v["name"].endswith("_UNKNOWN")]
    prefix = os.path.commonprefix(names) if len(names) > 1 else f"VIDSTORE_{enum['name'].upper()}_"
    prefix = prefix[:prefix.rindex("_") + 1]
    for value in enum["values"]:
        if value["name"] in names:
            value["word"] = value["name"].removeprefix(prefix).lower()


def enum_of(noun, words, names):
    """The public enumeration behind a list of words: vs_job_states -> job_state, vs_file_backends -> backend."""
    stem = re.sub(r"s$", "", re.sub(r"ies$", "y", words.removeprefix(f"vs_{noun}_")))
    for stem in (stem, words.removeprefix(f"vs_{noun}_")):
        for name in (f"{noun}_{stem}", stem):
            if name in names:
                return name
    raise cheader.HeaderError(f"no enumeration in the headers belongs to {words}")


def enum_named(doc, enums):
    """The enumeration whose constants a text speaks of: by the first constant that it names, or by their prefix."""
    match = re.search(r"\bVIDSTORE_[A-Z0-9_]+", doc)
    if not match:
        return None
    for enum in enums:
        if any(v["name"] == match.group() for v in enum["values"]):
            return enum
    return next((e for e in enums if f"VIDSTORE_{e['name'].upper()}_" == match.group()), None)


def add_enums(functions, enums):
    """Which enumeration a number is of, whether it is a set of flags, and what stands for one that is left out."""
    for function in functions:
        for entry in function["params"] + [function["returns"]]:
            if entry["type"] not in ("int32_t", "uint32_t", "int64_t"):
                continue
            enum = enum_named(entry.get("doc", ""), enums) if entry["type"] != "int64_t" else None
            if enum:
                entry["enum"] = enum["name"]
                add_words(enum)
            if entry["type"] == "uint32_t":
                entry["flags"] = True
            if "INT64_MIN" in entry.get("doc", ""):
                entry["default"] = None
            elif entry["type"] == "uint32_t" or "; 0: " in entry.get("doc", "") or \
                    enum and any(v["value"] == 0 for v in enum["values"]):
                entry["default"] = 0


def describe_nouns(table_paths, known, enums):
    nouns = [fieldtable.read(path, known) for path in table_paths]
    by_name = {e["name"]: e for e in enums}
    for noun in nouns:
        for field in noun["fields"]:
            if "words" in field:
                field["enum"] = enum_of(noun["name"], field.pop("words"), by_name)
                add_words(by_name[field["enum"]])
    return nouns


def describe(version, header_paths, table_paths):
    known = {}
    order = sorted(header_paths, key=lambda p: (os.path.basename(p) != "base.h", os.path.basename(p)))
    headers = []
    for path in order:
        with open(path, encoding="utf-8") as file:
            headers.append(cheader.parse_header(os.path.basename(path), file.read(), known))
    types = [dict(t, header=h["header"], kind="handle" if t["type"].startswith("struct ") else "alias")
             for h in headers for t in h["types"]]
    handles = {t["name"] for t in types if t["kind"] == "handle"}
    enums = [{"name": group_name(e), "header": h["header"], "doc": e["doc"], "values": e["values"]}
             for h in headers for e in h["enums"]]
    statuses = {v["name"].removeprefix("VIDSTORE_") for e in enums if e["name"] == "status" for v in e["values"]}
    names = {}
    for function in (f for h in headers for f in h["functions"]):
        if names.setdefault(function["name"], function) is not function:
            raise cheader.HeaderError(f"{function['name']}() is declared twice")
    functions = [describe_function(h["header"], f, handles, codes_of(f, statuses, names))
                 for h in headers for f in h["functions"]]
    check_likeness(functions)
    add_enums(functions, enums)
    for enum in (e for e in enums if e["name"] == "query"):
        add_words(enum)  # flags of no parameter, but of a query in JSON
    byname.describe(functions, types)
    for t in types:
        if t["kind"] == "handle":
            free = [n for n in (t["name"] + "_free", t["name"] + "_close") if n in names]
            t["free"] = free[0] if free else None
    return {
        "format": 1,
        "library": "vidstore",
        "version": version,
        "headers": [{"name": h["header"], "doc": h["doc"]} for h in headers],
        "types": types,
        "enums": enums,
        "macros": [dict(m, header=h["header"]) for h in headers for m in h["macros"]],
        "functions": functions,
        "nouns": describe_nouns(table_paths, known, enums),
    }


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--version", required=True)
    parser.add_argument("--output", required=True)
    parser.add_argument("inputs", nargs="+")
    args = parser.parse_args()
    tables = [p for p in args.inputs if p.endswith("_fields.h")]
    headers = [p for p in args.inputs if p not in tables]
    try:
        description = describe(args.version, headers, tables)
    except cheader.HeaderError as error:
        print(error, file=sys.stderr)
        return 1
    with open(args.output, "w", encoding="utf-8") as file:
        json.dump(description, file, indent=1, ensure_ascii=False)
        file.write("\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
