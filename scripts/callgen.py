# SPDX-License-Identifier: MIT
"""Writes the table behind vidstore_call() as C: an entry and a thunk for each function that the API description calls
callable by name.

usage: callgen.py API_JSON OUTPUT.c
"""
import json
import re
import sys

from byname import base_of

LONG = re.compile(r"disk|network|helper|descriptor")


def words_of(api):
    """One table of words an enumeration that a parameter of a call uses."""
    used = {p["enum"] for f in api["functions"] if "call" in f for p in f["params"] + [f["returns"]] if "enum" in p}
    out = []
    for enum in api["enums"]:
        if enum["name"] in used:
            rows = ", ".join('{"%s", %d}' % (v["word"], v["value"]) for v in enum["values"] if "word" in v)
            out.append("static const struct vs_call_word words_%s[] = {%s, {NULL, 0}};" % (enum["name"], rows))
    return out


def arg_kind(param, following):
    base, ctype, name = base_of(param["type"]), param["type"], param["name"]
    if base.endswith("_params"):
        return "MANY_PARAMS" if ctype.count("*") == 2 else "PARAMS"
    if ctype == "const char *":
        return "JSON" if re.search(r"(^|_)json$|^params$", name) else "TEXT"
    if base == "vidstore_query":
        return "QUERY"
    if ctype == "const void *":
        if not following or following["name"] != "size":
            sys.exit(f"{name}: bytes without a size behind them")
        return "BYTES"
    if base == "char":
        return "TEXTS"
    if name == "count":
        return "COUNT"
    if re.search(r"(^|_)fd$", name):
        return "FD"
    if param.get("flags"):
        return "FLAGS"
    return "ENUM" if "enum" in param else "INT"


def arg_entry(param, kind):
    fields = [f'"{param["name"]}"', f"VS_ARG_{kind}"]
    base = base_of(param["type"])
    if param.get("nullable") or kind == "QUERY":
        fields.append(".nullable = 1")
    if base in ("int32_t", "uint32_t"):
        fields.append(".narrow = 1")
    if "default" in param:
        fields += [".optional = 1", f".fallback = {'INT64_MIN' if param['default'] is None else param['default']}"]
    if "enum" in param:
        fields.append(f".words = words_{param['enum']}")
    if "PARAMS" in kind:
        fields.append(f".noun = &vs_{base.removeprefix('vidstore_').removesuffix('_params')}_noun")
    return "{" + ", ".join(fields) + "}"


def out_kind(param, records):
    base, name = base_of(param["type"]), param["name"]
    if base in records:
        return "RECORD"
    if base == "vidstore_text":
        return {"ret_json": "JSON", "ret_data": "DATA"}.get(name, "TEXT")
    return {"vidstore_page": "PAGE", "char": "TEXT", "vidstore_lease": "LEASE", "int32_t": "BOOL", "uint32_t": "FLAGS",
            "int64_t": "INT"}[base]


def read_slots(function):
    """The arguments of the C call and the entries of its parameters."""
    arguments, entries, slot = [], [], 0
    params = function["params"][1:]
    skip = False
    for param, following in zip(params, params[1:] + [None]):
        if param["direction"] == "out" or param["name"] == "reterr" or skip:
            skip = param["type"] == "char *"  # the size of a buffer stands behind it
            continue
        kind = arg_kind(param, following)
        pointer = "*" in param["type"]
        cast = "" if pointer or param["type"] == "int64_t" else f"({param['type']})"
        arguments.append(f"{cast}in[{slot}].{'text' if kind in ('TEXT', 'JSON') else 'p' if pointer else 'i'}")
        slot += 1
        if kind == "BYTES":
            arguments.append(f"in[{slot}].i")
            slot += 1
            skip = True
        entries.append(arg_entry(param, kind))
    if slot > 8:
        sys.exit(f"{function['name']}: more than the VS_CALL_ARGS slots of lib/call/call.h")
    return arguments, entries


def getter(function, self_type, records):
    """A function that tells something of its handle and can't fail."""
    returns = function["returns"]
    base, call = base_of(returns["type"]), f"{function['name']}(self)"
    words = f", words_{returns['enum']}" if "enum" in returns else ""
    if base in records:
        kind, body = "RECORD", f"    out[0].p = {base}_ref({call});"
    elif base == "char":
        kind, body = "TEXT", f"    const char *text = {call};\n" \
            "    return text ? vs_text_new(text, strlen(text), (vidstore_text **)&out[0].p, e) : 0;"
        base = "vidstore_text"
    else:
        kind, body = "FLAGS" if returns.get("flags") else "INT", f"    out[0].i = {call};"
    typed = f'"{base}"' if base.startswith("vidstore_") else "NULL"
    body += "" if "return" in body else "\n    return 0;"
    return body, ['{"value", VS_OUT_%s, %s%s}' % (kind, typed, words)]


def outputs(function, records):
    rets = [p for p in function["params"] if p["direction"] == "out" and p["name"] != "reterr"]
    entries, before, names, after = [], [], [], []
    for index, param in enumerate(rets):
        base, handle = base_of(param["type"]), param["type"].endswith("**")
        kind = out_kind(param, records)
        secret = param["type"] == "char *"
        typed = f'"{base}"' if handle else '"vidstore_text"' if secret else "NULL"
        entries.append('{"%s", VS_OUT_%s, %s, NULL}' % (param["name"].removeprefix("ret_"), kind, typed))
        if secret:
            before.append(f"    char {param['name']}[VIDSTORE_TOKEN_SIZE] = \"\";")
            names.append(f"{param['name']}, sizeof {param['name']}")
            made = f"vs_text_new({param['name']}, strlen({param['name']}), (vidstore_text **)&out[{index}].p, e)"
            after += ["    if (!r)", f"        r = {made};", f"    vs_wipe({param['name']}, sizeof {param['name']});"]
            continue
        before.append(f"    {base} {'*' if handle else ''}{param['name']} = {'NULL' if handle else 0};")
        names.append(f"&{param['name']}")
        after.append(f"    out[{index}].{'p' if handle else 'i'} = {param['name']};")
    return before, names, after, entries


def write_function(function, records):
    name = function["name"].removeprefix("vidstore_")
    self_type = base_of(function["params"][0]["type"])
    arguments, args = read_slots(function)
    head = f"static int run_{name}(void *self, const union vs_call_slot *in, union vs_call_slot *out," \
        " vidstore_error **e) {"
    if function["params"][-1]["name"] != "reterr":
        body, outs = getter(function, self_type, records)
        lines = [head, body, "}"]
    else:
        before, names, after, outs = outputs(function, records)
        call = f"{function['name']}({', '.join(['self'] + arguments + names + ['e'])})"
        lines = [head] + before + [f"    int r = {call};"] + after + ["    return r;", "}"]
    if args:
        lines.append(f"static const struct vs_call_arg args_{name}[] = {{{', '.join(args)}}};")
    if outs:
        lines.append(f"static const struct vs_call_out outs_{name}[] = {{{', '.join(outs)}}};")
    blocks = function["blocks"]
    length = "WAITING" if "waits" in blocks else "LONG" if LONG.search(blocks) else \
        "CPU" if "CPU" in blocks else "SHORT"
    entry = '    {"%s", run_%s, VS_SELF_%s, VS_CLASS_%s, %d, %d, %d, %s, %s},' % (
        function["call"]["name"], name, "LEASE" if self_type == "vidstore_lease" else "SESSION", length,
        function["call"]["here_only"], len(args), len(outs), f"args_{name}" if args else "NULL",
        f"outs_{name}" if outs else "NULL")
    return lines, entry


def main(path, output):
    with open(path, encoding="utf-8") as file:
        api = json.load(file)
    functions = sorted((f for f in api["functions"] if "call" in f), key=lambda f: f["call"]["name"])
    names = {f["name"] for f in api["functions"]}
    records = {t["name"] for t in api["types"] if t["name"] + "_is_null" in names}
    nouns = sorted({base_of(p["type"])[len("vidstore_"):-len("_params")] for f in functions for p in f["params"]
                    if base_of(p["type"]).endswith("_params")})
    lines = ["/* SPDX-License-Identifier: MIT */", "/* Written by scripts/callgen.py from the API description. */",
             '#include "call/call.h"', '#include "crypto/crypto.h"', '#include "util/alloc.h"', "#include <string.h>",
             "#include <vidstore/vidstore.h>"]
    lines += [f"extern const struct vs_noun vs_{noun}_noun;" for noun in nouns] + words_of(api)
    entries = []
    for function in functions:
        more, entry = write_function(function, records)
        lines += more
        entries.append(entry)
    flags = next(e for e in api["enums"] if e["name"] == "query")
    rows = ", ".join('{"%s", %d}' % (v["word"], v["value"]) for v in flags["values"] if "word" in v)
    lines.append("const struct vs_call_word vs_call_query_flags[] = {%s, {NULL, 0}};" % rows)
    lines += ["const struct vs_call_entry vs_call_entries[] = {"] + entries + ["};"]
    lines.append("const size_t vs_call_entries_count = VS_COUNT(vs_call_entries);")
    with open(output, "w", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
