# SPDX-License-Identifier: MIT
"""Writes the wrappers that send the calls of a test through vidstore_call_start() (see form.h), and what the linker has
to be told to put them in between.

usage: form.py API_JSON WRAPPERS.c LINKER_ARGUMENTS
"""
import json
import re
import sys

# Functions that the wrappers have to know of, besides those that are callable by name.
SESSIONS = re.compile(r"vidstore_session_(system|on_behalf|login|anonymous|key)|vidstore_login_\w+")


def base_of(ctype):
    return re.sub(r"\bconst\b|[* ]", "", ctype)


def signature(function, prefix):
    params = ", ".join(f"{p['type']}{'' if p['type'].endswith('*') else ' '}{p['name']}" for p in function["params"])
    returns = function["returns"]["type"]
    return f"{returns}{'' if returns.endswith('*') else ' '}{prefix}{function['name']}({params or 'void'})"


def real(function):
    return f"__real_{function['name']}({', '.join(p['name'] for p in function['params'])})"


def add_argument(param):
    """The line that puts a parameter into the JSON, and nothing for those that go with another."""
    name, ctype, base = param["name"], param["type"], base_of(param["type"])
    if ctype.count("*") == 2:
        call = "form_texts" if base == "char" else "form_objects"
        cast = "" if base == "char" else "(const void *const *)"
        kind = "" if base == "char" else f', "{base}"'
        return f'        {call}(&f, "{name}", {cast}{name}, count{kind});'
    if ctype == "const char *":
        return f'        form_text(&f, "{name}", {name}, {int(param["nullable"])});'
    if "*" in ctype:
        missing = "" if param["nullable"] or base == "vidstore_query" else \
            f"        if (!{name})\n            f.unfit = 1;\n"
        return missing + f'        form_object(&f, "{name}", {name}, "{base}");'
    if name == "count":
        return ""
    return f'        form_number(&f, "{name}", {name}, {int(param.get("default", 0) is None)});'


def give(param):
    base, name = base_of(param["type"]), param["name"]
    if param["type"].endswith("**"):
        return f'        if ({name})\n            *{name} = form_take(&f, "{base}", !r);'
    return f"        if ({name})\n            *{name} = r ? 0 : ({base})form_value(&f);"


def declared(function):
    """The function that the linker puts in between: it lets no status through that the manual doesn't name."""
    name, given = function["name"], ", ".join(p["name"] for p in function["params"])
    return [signature(function, "__wrap_") + ";", signature(function, "__wrap_") + " {",
            f'    return form_declared("{name}", "{codes_of(function)}", form_{name}({given}));', "}"]


def codes_of(function):
    """The statuses that its documentation names, between blanks; "" when it names those of another call."""
    return "" if "of the call itself" in function.get("errors", "") else " " + " ".join(function["codes"]) + " "


def watched(function):
    """A function whose status alone is looked at; None when it gives none."""
    if function["returns"]["type"] != "vidstore_status" or not function.get("codes"):
        return None
    return around(function, after=f'form_declared("{function["name"]}", "{codes_of(function)}", r);')


def wrapper(function):
    """A call that goes by name when it can."""
    params = function["params"][1:]
    outs = [p for p in params if p["direction"] == "out" and p["name"] != "reterr"]
    lines = [signature(function, "__real_") + ";", "static " + signature(function, "form_") + " {",
             "    struct form f;", "    vidstore_status r;",
             "    if (form_begin(&f, session)) {"]
    lines += [line for line in (add_argument(p) for p in params if p not in outs and p["name"] != "reterr") if line]
    leases = [p["name"] for p in outs if p["type"] == "vidstore_lease **"]
    lines += [f"        if (!{name})\n            f.unfit = 1;" for name in leases]
    lines += ["        if (reterr)", "            *reterr = NULL;",
              f'        if (form_run(&f, "{function["call"]["name"]}", &r, reterr)) {{']
    lines += ["    " + line.replace("\n", "\n    ") for line in map(give, outs)]
    lines += [f"            if ({name} && *{name})\n                "
              f"form_session_of(vidstore_lease_session(*{name}), NULL, session);" for name in leases]
    lines += ["            form_end(&f);", "            return r;", "        }", "        form_end(&f);", "    }"]
    if leases:
        lines += [f"    r = {real(function)};", f"    if ({leases[0]} && *{leases[0]})",
                  f"        form_session_of(vidstore_lease_session(*{leases[0]}), NULL, session);",
                  "    return r;", "}"]
    else:
        lines += [f"    return {real(function)};", "}"]
    return lines + declared(function)


def around(function, before="", after="", returns=None):
    """A function with something to note before or after it."""
    kind = returns or function["returns"]["type"]
    lines = [signature(function, "__real_") + ";", signature(function, "__wrap_") + ";",
             signature(function, "__wrap_") + " {"]
    if before:
        lines.append("    " + before)
    if kind == "void":
        lines += [f"    {real(function)};"] + (["    " + after] if after else []) + ["}"]
    else:
        space = "" if kind.endswith("*") else " "
        lines += [f"    {kind}{space}r = {real(function)};"] + (["    " + after] if after else [])
        lines += ["    return r;", "}"]
    return lines


def noted(function, fields):
    """What a function changes in the tables of form.c; None when it is none of those."""
    name = function["name"]
    if SESSIONS.fullmatch(name) and any(p["name"] == "ret_session" for p in function["params"]):
        like = function["params"][0]["type"] != "vidstore *"
        given = "NULL, session" if like else "store, NULL"
        return around(function, after=f"if (!r && ret_session)\n        form_session_of(*ret_session, {given});")
    exact = {
        "vidstore_session_free": ("form_session_gone(session);", ""),
        "vidstore_lease_free": ("if (lease)\n        form_session_gone(vidstore_lease_session(lease));", ""),
        "vidstore_begin": ("", "if (!r)\n        form_depth(session, 1);"),
        "vidstore_commit": ("", "form_committed(session, r);"),
        "vidstore_rollback": ("", "form_depth(session, -1);"),
        "vidstore_snapshot_begin": ("", "if (!r)\n        form_depth(session, 1);"),
        "vidstore_snapshot_end": ("", "form_depth(session, -1);"),
        "vidstore_interrupt": ("form_interrupt(session);", ""),
        "vidstore_lease_attach": ("", "if (!r && ret_lease && *ret_lease)\n        "
                                      "form_session_of(vidstore_lease_session(*ret_lease), NULL, session);"),
        "vidstore_query_new": ("", "form_new(r, \"vidstore_query\");"),
        "vidstore_query_free": ("form_gone(query);", ""),
        "vidstore_query_filter": ("", "if (r || !expression)\n        form_break(query);\n    else\n        "
                                      "form_set_named(query, \"filter\", json_string(expression));"),
        "vidstore_query_search": ("", "if (r || !text)\n        form_break(query);\n    else\n        "
                                      "form_set_named(query, \"search\", json_string(text));"),
        "vidstore_query_bind_text": ("form_bind(query, number, value ? json_string(value) : NULL);", ""),
        "vidstore_query_bind_int64": ("form_bind(query, number, json_integer(value));", ""),
        "vidstore_query_sort": ("form_set_named(query, \"sort\", order ? json_string(order) : json_null());", ""),
        "vidstore_query_limit": ("form_set_named(query, \"limit\", json_integer(limit));", ""),
        "vidstore_query_cursor": ("form_set_named(query, \"cursor\", cursor ? json_string(cursor) : json_null());", ""),
        "vidstore_query_flags": ("form_set_named(query, \"flags\", json_integer(flags));", ""),
    }
    if name in exact:
        return around(function, *exact[name])
    match = re.fullmatch(r"vidstore_(\w+)_params_(\w+)", name)
    if not match or match.group(1) not in fields:
        return None
    table = f"fields_{match.group(1)}"
    notes = {
        "new": ("", f"form_new(r, \"vidstore_{match.group(1)}_params\");"),
        "free": ("form_gone(params);", ""),
        "set_text": (f"form_set_text(params, {table}, field, value);", ""),
        "set_int64": (f"form_set(params, {table}, field, value == INT64_MIN ? json_null() : json_integer(value));", ""),
        "clear": (f"form_set(params, {table}, field, json_null());", ""),
        "set_json": ("form_set_json(params, json);", ""),
        "expect_version": ("form_set_named(params, \"expect_version\", json_integer(version));", ""),
    }
    if match.group(2) not in notes:
        return None
    before, after = notes[match.group(2)]
    if match.group(2) not in ("new", "free"):
        before = f"form_kind(params, \"vidstore_{match.group(1)}_params\");\n    " + before
    return around(function, before, after)


def carried(function):
    """Whether the call goes through the queue: on a session, without bytes or secrets."""
    params = function["params"]
    return "call" in function and not function["call"]["here_only"] and \
        params[0]["type"] == "vidstore_session *" and function["name"] != "vidstore_batch" and \
        not any(p["type"] in ("const void *", "char *") for p in params)


def main(path, wrappers, arguments):
    with open(path, encoding="utf-8") as file:
        api = json.load(file)
    fields = {noun["name"]: noun["fields"] for noun in api["nouns"]}
    lines = ["/* SPDX-License-Identifier: MIT */", "/* Written by tests/api/form.py. */", '#include "form.h"',
             '#pragma GCC diagnostic ignored "-Wunused-const-variable"']
    for noun, table in fields.items():
        rows = ", ".join('{%d, "%s", %d}' % (f["id"], f["name"], f["type"] == "json") for f in table)
        lines.append(f"static const struct form_field fields_{noun}[] = {{{rows}, {{0, NULL, 0}}}};")
    wrapped = []
    for function in api["functions"]:
        text = wrapper(function) if carried(function) else noted(function, fields) or watched(function)
        if text:
            lines += text
            wrapped.append(function["name"])
    with open(wrappers, "w", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")
    with open(arguments, "w", encoding="utf-8") as file:
        file.write("\n".join(f"-Wl,--wrap={name}" for name in wrapped) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
