# SPDX-License-Identifier: MIT
"""Writes the calls of the Go package from the API description: a method a call, an error a status, the options of Open.

usage: generate.py API_JSON OUTPUT.go
"""
import json
import re
import sys

RESERVED = {"type", "range", "func", "map", "select", "default", "go", "chan", "package", "interface"}


def base_of(ctype):
    return re.sub(r"\bconst\b|[* ]", "", ctype)


def camel(name):
    words = [w.upper() if w in ("id", "fd", "json", "url") else w.capitalize() for w in name.split("_")]
    return "".join(words)


def lower(name):
    text = camel(name)
    text = text.lower() if text.isupper() else text[0].lower() + text[1:]
    return text + "_" if text in RESERVED else text


def go_type(param):
    base, many = base_of(param["type"]), param["type"].count("*") == 2
    if base.endswith("_params"):
        return "[]Values" if many else "Values"
    if base == "vidstore_query":
        return "*Query"
    if base == "char":
        if many:
            return "[]string"
        return "any" if re.search(r"(^|_)json$", param["name"]) else "*string" if param["nullable"] else "string"
    if base == "void":
        return "[]byte"
    if "enum" in param:
        return "[]string" if param.get("flags") else "string"
    return "*int64" if "default" in param else "int64"


def put(param):
    """The line that puts a parameter into the arguments."""
    name, kind = lower(param["name"]), go_type(param)
    value = f'map[string]any{{"base64": {name}}}' if kind == "[]byte" else name
    line = f'args["{param["name"]}"] = {value}'
    if kind in ("*string", "*Query", "*int64", "any", "Values") and (kind != "Values" or param["nullable"]):
        return f"\tif {name} != nil {{\n\t\t{line}\n\t}}"
    if kind == "string" and "default" in param:
        return f'\tif {name} != "" {{\n\t\t{line}\n\t}}'
    if kind == "[]string" and "enum" in param:
        return f"\tif len({name}) > 0 {{\n\t\t{line}\n\t}}"
    return "\t" + line


def result_type(function, records):
    outs = [p for p in function["params"] if p["direction"] == "out" and p["name"] != "reterr"]
    if not outs and function["params"][-1]["name"] == "reterr":
        return None
    if len(outs) > 1:
        return "map[string]any"
    out = outs[0] if outs else function["returns"]
    base = base_of(out["type"])
    if base in records:
        return "Record"
    if base == "vidstore_text":
        return "json.RawMessage" if out["name"] in ("ret_json", "ret_data") else "string"
    if out.get("flags"):
        return "[]string"
    return {"vidstore_page": "*Page", "vidstore_lease": "*Claim", "int32_t": "bool", "int64_t": "int64",
            "char": "string"}.get(base, "any")


def arguments(function):
    params = function["params"][1:]
    sizes = {b["name"] for a, b in zip(params, params[1:]) if a["type"] in ("const void *", "char *")}
    lease = base_of(function["params"][0]["type"]) == "vidstore_lease"
    given = [{"name": "lease", "type": "const char *", "nullable": False}] if lease else []
    return given + [p for p in params if p["direction"] == "in" and p["name"] not in sizes | {"count", "reterr"}]


def method(function, records):
    noun, _, verb = function["call"]["name"].partition(".")
    receiver = camel(noun) + "Calls" if verb else "Session"
    params = arguments(function)
    signature = ", ".join(["ctx context.Context"] + [f"{lower(p['name'])} {go_type(p)}" for p in params])
    result = result_type(function, records)
    call = "c" if receiver == "Session" else "c.session"
    own = camel(verb or noun)
    head = f"// {own}: {function['summary']}\nfunc (c *{receiver}) {own}({signature}) "
    body = ["\targs := map[string]any{}"] + [put(p) for p in params]
    name = function["call"]["name"]
    if result is None:
        return head + "error {\n" + "\n".join(body) + f'\n\treturn {call}.Call(ctx, "{name}", args, nil)\n}}'
    body += [f"\tvar result {result}", f'\terr := {call}.Call(ctx, "{name}", args, &result)', "\treturn result, err"]
    return head + f"({result}, error) {{\n" + "\n".join(body) + "\n}"


def main(path, output):
    with open(path, encoding="utf-8") as file:
        api = json.load(file)
    names = {f["name"] for f in api["functions"]}
    records = {t["name"] for t in api["types"] if t["name"] + "_is_null" in names}
    calls = [f for f in api["functions"] if "call" in f and not f["call"]["here_only"]]
    nouns = sorted({f["call"]["name"].split(".")[0] for f in calls if "." in f["call"]["name"]})
    out = ["// Code generated from the API description by generate.py. DO NOT EDIT.\n\npackage vidstore\n",
           'import (\n\t"context"\n\t"encoding/json"\n)\n',
           "// Claim is a lease: its token, and the job. It is renewed until it ends; the calls of Lease end it.\n"
           "type Claim struct {\n\tToken string `json:\"token\"`\n\tJob Record `json:\"job\"`\n}\n"]
    enums = {e["name"]: e for e in api["enums"]}
    out.append("// What errors.Is() compares with.\nvar (")
    for value in enums["status"]["values"]:
        if value["value"] < 0:
            word = value["name"].removeprefix("VIDSTORE_")
            out.append(f'\tErr{"".join(w.capitalize() for w in word.split("_"))} = &Error{{Code: "{word}", '
                       f'Status: {value["value"]}, codeOnly: true}}')
    out.append(")\n\nvar openOptions = map[string]int{")
    for value in enums["open"]["values"]:
        if value["value"] > 0:
            out.append(f'\t"{value["name"].removeprefix("VIDSTORE_OPEN_").lower()}": {value["value"]},')
    out.append("}\n")
    for noun in nouns:
        own = camel(noun)
        out.append(f"// {own}Calls are the calls on {noun}.\ntype {own}Calls struct{{ session *Session }}\n")
        out.append(f"// {own} groups the calls on {noun}.\n"
                   f"func (s *Session) {own}() *{own}Calls {{ return &{own}Calls{{s}} }}\n")
    out += [method(function, records) + "\n" for function in calls]
    with open(output, "w", encoding="utf-8") as file:
        file.write("\n".join(out))


if __name__ == "__main__":
    main(*sys.argv[1:])
