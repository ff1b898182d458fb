# SPDX-License-Identifier: MIT
"""Writes vidstore-call(7) from the API description: every call by name with its arguments, and what can't be called so.

usage: callpage.py API_JSON OUTPUT
"""
import json
import sys

from byname import base_of
from manpages import escape, inline

TEXT = """Every call on data can be made by its name: with
.BR vidstore_call (3),
many in one commit with
.BR vidstore_batch (3),
in the background with
.BR vidstore_call_start (3),
from bindings, and on the command line with
.BR "vidstore call" .
.PP
The arguments are one JSON object, by the names of the parameters of the C function. What may be left out may be null
as well. Any other key is refused, with the key as the field of the error.
.TP
.B params
An object of the fields of the noun, as in its JSON; "expect_version" demands that the record still has that version.
.TP
.B query
An object of "filter", "binds" (a list of texts and numbers for $1, $2 \\[u2026]), "search", "sort", "limit", "cursor"
and "flags" (%s).
.PP
When a call takes nothing but params, or a query, their keys may stand in the arguments themselves:
{"kind": "download_only"}.
.TP
.B words
Enumerations are words, such as "cascade", or their numbers; flags are lists of words, or a number.
.TP
.B fd
The number of a descriptor of the process. It can be any, so it is like a path: only the system, admins and workers may
name one so (else FORBIDDEN). The typed functions take one for everybody: there it is the host that names it.
.TP
.B bytes
A text, or {"base64": "\\[u2026]"}.
.TP
.B lease
Any call takes "lease": TOKEN, and then acts in the session of that lease, for the owner of its job. A lease that is
claimed by name is kept, and renewed, by the store until it ends or the store is closed.
.PP
A call gives null, one value, or an object of several: a record as its JSON, a page as {"items": [], "cursor": null}
(with "errors" when items of a bulk call failed), a lease as {"token": "\\[u2026]", "job": {}}, a text that is JSON as
that JSON."""


def argument(param, words):
    kind = {"vidstore_query": "query"}.get(base_of(param["type"]))
    if base_of(param["type"]).endswith("_params"):
        kind = base_of(param["type"]).removeprefix("vidstore_").replace("_", " ")
    if kind is None and "enum" in param:
        kind = ("list of " if param.get("flags") else "") + ", ".join(words[param["enum"]])
    if kind is None:
        kind = "bytes" if param["type"] == "const void *" else "text" if "char" in param["type"] else "number"
    many = "list of " if param["type"].count("*") == 2 else ""
    optional = param.get("nullable") or "default" in param or kind == "query"
    return f"\\fI{escape(param['name'])}\\fR: {escape(many + kind)}{' (optional)' if optional else ''}"


def arguments(function, words):
    params = function["params"][1:]
    sizes = {b["name"] for a, b in zip(params, params[1:]) if a["type"] in ("const void *", "char *")}
    given = [argument(p, words) for p in params
             if p["direction"] == "in" and p["name"] not in sizes | {"count", "reterr"}]
    return "; ".join((["\\fIlease\\fR: text"] if base_of(function["params"][0]["type"]) == "vidstore_lease" else [])
                     + given) or "no arguments"


def main(path, output):
    with open(path, encoding="utf-8") as file:
        api = json.load(file)
    words = {e["name"]: [v["word"] for v in e["values"] if "word" in v] for e in api["enums"]}
    out = [".\\\" SPDX-License-Identifier: MIT", f".TH vidstore-call 7 \"\" \"vidstore {api['version']}\"", ".SH NAME",
           "vidstore\\-call \\- calls by name: their arguments and what they give", ".SH DESCRIPTION",
           TEXT % ", ".join(words["query"]),
           ".SH CALLS"]
    for function in sorted((f for f in api["functions"] if "call" in f), key=lambda f: f["call"]["name"]):
        here = " Not in the background." if function["call"]["here_only"] else ""
        out += [".TP", f"\\fB{function['call']['name']}\\fR", inline(function["summary"]) + here, ".br",
                arguments(function, words)]
    out += [".SH WHAT HAS NO NAME", "These functions of the library can't be called by name."]
    reasons = {}
    for function in api["functions"]:
        if "not_by_name" in function:
            reasons.setdefault(function["not_by_name"], []).append(function["name"])
    for reason, names in reasons.items():
        out += [".TP", escape(reason[0].upper() + reason[1:]), ", ".join(f"\\fB{name}\\fR" for name in names)]
    out += [".SH SEE ALSO", ".BR vidstore (1),", ".BR vidstore (7),", ".BR vidstore_queue (3)"]
    with open(output, "w", encoding="utf-8") as file:
        file.write("\n".join(out) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
