# SPDX-License-Identifier: MIT
"""Writes a table of all public functions, each with its parameters and a way to call it with anything, from the
description of the interface. tests/api/every_call.c gives them what no program should.

usage: every_call.py API_JSON EVERY_CALL.h
"""
import json
import re
import sys

# Names of files are bytes; and a secret that is none is merely a wrong one.
PATHS = {"path", "paths", "directory", "backup", "location"}
SECRETS = {"token", "device_token"}
# Parameters that an error calls otherwise: as the value is called by name, in JSON or among the fields.
FIELDS = {"details_json": "details", "args_json": "args", "expression": "filter", "text": "search",
          "event": "audit"}
IDS = {"id", "after", "before"}
# What a call needs to get as far as the argument that is bad; "ann" and 0 for the rest.
USUAL = {"args_json": "{}", "items_json": "[]", "json": "{}", "sql": "SELECT 1", "type": "vidstore_video",
         "location": "/nonexistent/store", "count": 1, "size": 1, "number": 1, "max_rows": 1, "days": 1, "max": 1,
         "token_size": 256, "vidstore_once_create.kind": "VIDSTORE_ONCE_RESET",
         "vidstore_once_use.kind": "VIDSTORE_ONCE_VERIFICATION",
         "vidstore_user_set_state.state": "VIDSTORE_USER_ACTIVE", "vidstore_setting_set.name": "job.lease_ms"}


def base_of(ctype):
    return re.sub(r"\bconst\b|[* ]", "", ctype)


def role_of(param, bulk):
    """What a parameter is, as an `enum role` of every_call.c. bulk: its list is refused as a whole."""
    name, ctype, base = param["name"], param["type"], base_of(param["type"])
    out = param["direction"] == "out"
    if "*" not in ctype:
        return "NUMBER"
    if name == "reterr":
        return "ERROR"
    if base == "void":
        return "BUFFER"
    if out:
        return "RET_NEEDED" if not param["nullable"] else "RET_HANDLE" if ctype.count("*") == 2 else \
            "RET_LONG" if base == "int64_t" else "RET_INT"
    if ctype.count("*") == 2:
        return "HANDLE_LIST" if base != "char" else "ID_LIST" if bulk else "TEXT_LIST"
    if base != "char":
        return "HANDLE"
    if name in IDS or name.endswith("_id") and name != "external_id":
        return "ID"
    return "PATH" if name in PATHS else "SECRET" if name in SECRETS else "TEXT"


def usual(function, param):
    value = USUAL.get(f"{function['name']}.{param['name']}", USUAL.get(param["name"]))
    if "*" not in param["type"]:
        return "{.number = %s}" % (value or 0)
    return '{.pointer = (void *)"%s"}' % (value or "ann")


def argument(param, at):
    base = param["type"]
    if "*" not in base:
        return f"({base})a[{at}].number"
    return f"a[{at}].pointer"


def caller(function):
    """A function that calls this one with arguments from an array."""
    name, returns = function["name"], function["returns"]["type"]
    call = f"{name}({', '.join(argument(p, i) for i, p in enumerate(function['params']))})"
    body = f"{call};\n    return (union arg){{0}};" if returns == "void" else \
        f"return (union arg){{.pointer = (void *)(intptr_t){call}}};" if "*" in returns else \
        f"return (union arg){{.number = {call}}};"
    unused = "" if function["params"] else "    (void)a;\n"
    return f"static union arg run_{name}(const union arg *a) {{\n{unused}    {body}\n}}"


def row(function):
    bulk = "_bulk_" in function["name"]
    # Params that are NULL are params without a value.
    params = ", ".join('{"%s", "%s", "%s", %s, %s, %d}' % (
        p["name"], base_of(p["type"]), FIELDS.get(p["name"], p["name"]), role_of(p, bulk), usual(function, p),
        p["nullable"] or p["type"].startswith("const ") and base_of(p["type"]).endswith("_params"))
        for p in function["params"])
    returns = function["returns"]["type"]
    tells = any(p["name"] == "reterr" for p in function["params"])
    gives = "STATUS" if returns == "vidstore_status" and tells else "TEXT_BACK" if returns == "const char *" else \
        "POINTER_BACK" if "*" in returns else "NOTHING_BACK" if returns == "void" else "NUMBER_BACK"
    return '    {"%s", %s, %d, {%s}, run_%s},' % (function["name"], gives, len(function["params"]),
                                                 params or "{0}", function["name"])


def main(path, target):
    with open(path, encoding="utf-8") as file:
        functions = sorted(json.load(file)["functions"], key=lambda f: f["header"])
    headers = sorted({f["header"] for f in functions})
    lines = ["/* SPDX-License-Identifier: MIT */", "/* Written by tests/api/every_call.py. */"]
    lines += [f"#include <vidstore/{header}>" for header in headers]
    lines += [caller(f) for f in functions]
    lines += ["static const struct function functions[] = {"] + [row(f) for f in functions] + ["};"]
    lines += ["static const struct part parts[] = {"]
    for header in headers:
        at = [i for i, f in enumerate(functions) if f["header"] == header]
        lines += [f'    {{"{header}", {at[0]}, {at[-1] + 1}}},']
    lines += ["};"]
    with open(target, "w", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
