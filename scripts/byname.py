# SPDX-License-Identifier: MIT
"""Decides which functions vidstore_call() reaches, under which names, and says why it does not reach the others.

A new function needs no line here: it is callable when JSON can carry all that it takes and gives.
"""
import re

# By first match. What no rule names, and JSON can't carry, is listed with the handle that stands in the way.
NOT_BY_NAME = [
    (r"vidstore_(call|queue|result)(_\w+)?", "is itself the way to call by name"),
    (r"vidstore_\w+_start", "runs a call in the background: vidstore_call_start() does so by name"),
    (r"vidstore_(open|close|location|instance_id|version|version_number|feature_supported)",
     "is about the library or the root handle, which a call by name has already"),
    (r"vidstore_restore", "works on no open store: there is no session whose rights could be asked"),
    (r"vidstore_interrupt|vidstore_session_(free|user_id|role)", "acts on the session object of this process"),
    (r"vidstore_session_(system|on_behalf|login|anonymous)", "makes a session, which belongs to this process"),
    (r"vidstore_lease_(attach|session)", "gives an object of this process; \"lease\": TOKEN in the arguments of any "
     "call acts in the lease's session"),
    (r"vidstore_lease_free", "a lease by name is kept by the store until it ends, or the store is closed"),
]
# Of the session itself: they make sense in the caller's own, never in the copy that runs in the background.
HERE_ONLY = re.compile(r"vidstore_(begin|commit|rollback|snapshot_(begin|end)|session_set_deadline)")


def base_of(ctype):
    return re.sub(r"\bconst\b|[* ]", "", ctype)


def call_name(function):
    """vidstore_job_get_external -> job.get_external, vidstore_stats -> stats."""
    return function.removeprefix("vidstore_").replace("_", ".", 1)


class Kinds:
    """What JSON can carry, known from the whole description."""

    def __init__(self, types, functions):
        names = {f["name"] for f in functions}
        self.handles = {t["name"] for t in types if t["kind"] == "handle"}
        self.records = {h for h in self.handles if h + "_is_null" in names}
        self.params = {h for h in self.handles if h.endswith("_params") and h + "_set_json" in names}

    def obstacle(self, function, self_type):
        """The first parameter that JSON can't carry; None when there is none."""
        for param in function["params"][1:]:
            base, ctype = base_of(param["type"]), param["type"]
            carried = self.records | {"vidstore_page", "vidstore_text", "vidstore_lease"} \
                if param["direction"] == "out" else self.params | {"vidstore_query"}
            if base in self.handles and base not in carried and param["name"] != "reterr":
                return f"{'gives' if param['direction'] == 'out' else 'takes'} a {base}, which belongs to this process"
            if ctype in ("void *", "uint8_t *") or ctype == "char *" and not param["name"].startswith("ret_"):
                return f"writes into memory of the caller ({param['name']})"
        return None


def judge(function, kinds):
    """(name, None), or (None, why not)."""
    params = function["params"]
    for pattern, reason in NOT_BY_NAME:
        if re.fullmatch(pattern, function["name"]) and not HERE_ONLY.fullmatch(function["name"]):
            return None, reason
    self_type = base_of(params[0]["type"]) if params else ""
    if self_type == "vidstore_lease":
        returns = base_of(function["returns"]["type"])
        if returns in kinds.handles - kinds.records or returns == "void":
            return None, "gives or frees an object of this process"
        return call_name(function["name"]), None
    if self_type == "vidstore_session" and params[-1]["name"] == "reterr":
        obstacle = kinds.obstacle(function, self_type)
        return (None, obstacle) if obstacle else (call_name(function["name"]), None)
    what = self_type if self_type in kinds.handles else function["returns"]["type"].strip("* ")
    return None, f"reads or makes an object of this process ({what}); JSON stands for it"


def describe(functions, types):
    """Writes "call" or "not_by_name" into each function of the description."""
    kinds = Kinds(types, functions)
    for function in functions:
        name, reason = judge(function, kinds)
        if name:
            function["call"] = {"name": name, "here_only": bool(HERE_ONLY.fullmatch(function["name"]))}
        else:
            function["not_by_name"] = reason
