# SPDX-License-Identifier: MIT
"""Reads the public headers: what they declare, and what their documentation says.

It knows the small part of C that a public header may use and refuses everything else, so that whatever it accepts can
be described to other languages. Nothing here knows about JSON or man pages.
"""
import re

CONSTRUCTS = re.compile(
    r"""
    (?P<doc>/\*\*(?!\*).*?\*/)
  | (?P<comment>/\*.*?\*/)
  | (?P<macro>\#[ \t]*define[ \t]+(?P<macro_name>\w+)(?P<macro_args>\([^)]*\))?(?P<macro_value>(?:\\\n|[^\n])*))
  | (?P<directive>\#(?:\\\n|[^\n])*)
  | (?P<linkage>extern[ ]"C"[ ]\{|\})
  | (?P<enum>enum\s*\{(?P<enum_body>.*?)\}\s*;)
  | (?P<typedef>typedef\s+(?P<typedef_type>[^;{}()]+?)\s*\b(?P<typedef_name>\w+)\s*;)
  | (?P<function>VIDSTORE_API\s+(?P<return_type>[\w\s]+?[\s*]+)(?P<name>\w+)\s*\((?P<params>[^()]*)\)\s*;)
  | (?P<space>\s+)
    """,
    re.VERBOSE | re.DOTALL,
)
ENUMERATOR = re.compile(
    r"\s*(?P<before>/\*\*(?!<).*?\*/\s*)?(?P<name>[A-Z]\w*)\s*=\s*(?P<value>[^,/]+),?\s*(?P<after>/\*\*<.*?\*/)?",
    re.DOTALL,
)
LABEL = re.compile(r"(?:^|(?<=[.\s]))(Errors|Threads|Blocks): |(?:^|(?<=[.\s]))(Since) (?=\d)")


class HeaderError(Exception):
    """Something in a header that a public header may not hold, or that lacks its documentation."""


def plain(comment):
    """The text of a documentation comment, without its frame."""
    text = re.sub(r"^/\*\*<?", "", comment)
    text = re.sub(r"\*/$", "", text)
    return "\n".join(re.sub(r"^\s*\* ?", "", line).rstrip() for line in text.strip().splitlines()).strip()


def one_line(text):
    return " ".join(text.split())


def split_labels(text):
    """Takes `Errors: …. Threads: …. Since 0.1.` apart: the text before the first label, and a value a label."""
    found = list(LABEL.finditer(text))
    labels = {}
    for match, following in zip(found, found[1:] + [None]):
        value = text[match.end():following.start() if following else len(text)]
        labels[(match.group(1) or match.group(2)).lower()] = one_line(value).rstrip(".")
    return (text[:found[0].start()] if found else text).strip(), labels


def parse_doc(comment):
    """A documentation block: summary, body, params, returns and labels."""
    head, *tagged = re.split(r"^@(?=param|return)", plain(comment), flags=re.MULTILINE)
    doc = {"params": {}, "returns": ""}
    text, labels = split_labels(head)
    for part in tagged:
        part, more = split_labels(part)
        labels.update(more)
        tag, _, rest = part.partition(" ")
        if tag.strip() == "param":
            words = rest.strip().split(None, 1)
            doc["params"][words[0]] = one_line(words[1]) if len(words) > 1 else ""
        else:
            # What follows an empty line belongs to the function again.
            value, _, after = rest.partition("\n\n")
            doc["returns"] = one_line(value)
            text = (text + "\n\n" + after).strip() if after else text
    match = re.match(r"(.+?[.])(?=\s|$)", text, re.DOTALL)
    doc["summary"] = one_line(match.group(1) if match else text)
    doc["body"] = text[match.end():].strip() if match else ""
    doc.update(labels)
    return doc


def parse_param(text, where):
    text = one_line(text)
    match = re.fullmatch(r"(?P<type>.*?[\s*])(?P<name>\w+)(?P<array>\[\w*\])?", text)
    if not match:
        raise HeaderError(f"{where}: parameter without a name: {text}")
    return {"name": match.group("name"), "type": spell_type(match.group("type")) + (match.group("array") or "")}


def spell_type(text):
    """One spelling a type: `const char *`, `vidstore_job **`."""
    return re.sub(r"\s*(\*+)", r" \1", re.sub(r"\*\s+(?=\*)", "*", one_line(text)))


def evaluate(expression, known, where):
    """The value of an enumerator: integers, earlier enumerators, and arithmetic on them."""
    text = re.sub(r"\b(0[xX][0-9a-fA-F]+|\d+)[uUlL]*\b", r"\1", expression)
    text = re.sub(r"\b[A-Z]\w*\b", lambda m: str(known.get(m.group(), m.group())), text)
    if not re.fullmatch(r"[-+*|<>()~\s0-9a-fA-FxX]+", text):
        raise HeaderError(f"{where}: can't evaluate {expression}")
    return int(eval(text, {"__builtins__": {}}))  # nothing but digits and operators is left


def parse_enum(body, known, where):
    values = []
    # Comments that are not documentation (retired numbers) are passed over.
    body = re.sub(r"/\*(?!\*).*?\*/", "", body, flags=re.DOTALL)
    position = 0
    while body[position:].strip():
        match = ENUMERATOR.match(body, position)
        if not match:
            raise HeaderError(f"{where}: enumerator without a number: {one_line(body[position:])[:60]}")
        position = match.end()
        value = evaluate(match.group("value"), known, where)
        known[match.group("name")] = value
        doc = plain(match.group("after") or match.group("before") or "/** */")
        values.append({"name": match.group("name"), "value": value, "doc": one_line(doc)})
    return values


def parse_header(name, text, known):
    """Everything a header declares, in order. `known` collects the enumerators seen so far."""
    header = {"header": name, "doc": "", "types": [], "enums": [], "macros": [], "functions": []}
    pending = None
    position = 0
    while position < len(text):
        where = f"{name}:{text.count(chr(10), 0, position) + 1}"
        match = CONSTRUCTS.match(text, position)
        if not match:
            line = text[position:].split("\n", 1)[0]
            raise HeaderError(f"{where}: not something a public header may hold: {line}")
        position = match.end()
        if match.group("space") or match.group("comment"):
            continue
        if match.group("doc"):
            if re.match(r"/\*\*\s*(\*\s*)?@file", match.group("doc")):
                header["doc"] = re.sub(r"^@file\s+\S+\s*", "", plain(match.group("doc")))
            else:
                pending = match.group("doc")
            continue
        take(match, header, pending, known, where)
        pending = None
    return header


def take(match, header, pending, known, where):
    """Files one declaration under its header."""
    if match.group("enum"):
        doc = plain(pending) if pending else ""
        header["enums"].append({"doc": one_line(doc), "values": parse_enum(match.group("enum_body"), known, where)})
    elif match.group("typedef"):
        if not pending:
            raise HeaderError(f"{where}: {match.group('typedef_name')} is not documented")
        header["types"].append({"name": match.group("typedef_name"), "type": one_line(match.group("typedef_type")),
                                "doc": one_line(plain(pending))})
    elif match.group("macro"):
        value = one_line(match.group("macro_value"))
        if value and not match.group("macro_args") and not match.group("macro_name").endswith("_API"):
            header["macros"].append({"name": match.group("macro_name"), "value": value,
                                     "doc": one_line(plain(pending)) if pending else ""})
    elif match.group("function"):
        header["functions"].append(parse_function(match, pending, where))


def parse_function(match, pending, where):
    name = match.group("name")
    if not pending:
        raise HeaderError(f"{where}: {name}() is not documented")
    doc = parse_doc(pending)
    params = []
    if one_line(match.group("params")) != "void":
        params = [parse_param(p, f"{where}: {name}()") for p in match.group("params").split(",")]
    check_doc(name, doc, params, spell_type(match.group("return_type")), where)
    for param in params:
        param["doc"] = doc["params"].get(param["name"], "")
    return {"name": name, "return_type": spell_type(match.group("return_type")), "params": params, "doc": doc}


def check_doc(name, doc, params, return_type, where):
    names = {p["name"] for p in params}
    if not doc["summary"]:
        raise HeaderError(f"{where}: {name}() has no first sentence")
    for stranger in set(doc["params"]) - names:
        raise HeaderError(f"{where}: {name}() documents {stranger}, which it does not have")
    # The conventions in base.h say what every ret_ and reterr is.
    for param in sorted(names - set(doc["params"])):
        if not param.startswith("ret"):
            raise HeaderError(f"{where}: {name}() does not document {param}")
    if return_type not in ("void", "vidstore_status") and not doc["returns"]:
        raise HeaderError(f"{where}: {name}() does not say what it returns")
    for label in ("threads", "since"):
        if label not in doc:
            raise HeaderError(f"{where}: {name}() lacks its `{label.capitalize()}`")
