# SPDX-License-Identifier: MIT
"""Writes the section 3 pages from the API description: a page a header, and an alias page a function.

usage: manpages.py API_JSON FOLDER
"""
import json
import os
import re
import shutil
import sys

GENERAL = {"base.h": "vidstore_base", "vidstore.h": None}
# What a reader wants to know of a field; the other uses are the library's own business.
USES = {"set": "set", "once": "set at creation", "filter": "filter", "sort": "sort", "index": "indexed",
        "null": "may be NULL", "admin": "by admins only"}
MARKUP = re.compile(r"`([^`]+)`|(\bvidstore_\w+\(\))|(\bVIDSTORE_\w*\w\b)|(<vidstore/\w+\.h>)")


def escape(text):
    """Text for roff: nothing in it is a request or an escape."""
    text = text.replace("\\", "\\e")
    text = "".join(c if ord(c) < 128 else "\\[u%04X]" % ord(c) for c in text)
    return "\n".join("\\&" + line if line[:1] in (".", "'") else line for line in text.split("\n"))


def inline(text):
    """Names of functions and constants bold, parameters in italics."""
    def mark(match):
        if match.group(1) is not None:
            return "\\fI" + escape(match.group(1)) + "\\fR"
        return "\\fB" + escape(match.group()) + "\\fR"

    parts, position = [], 0
    for match in MARKUP.finditer(text):
        parts += [escape(text[position:match.start()]), mark(match)]
        position = match.end()
    result = "".join(parts + [escape(text[position:])])
    return re.sub(r"^(?=[.'])", r"\\&", result, flags=re.MULTILINE)


def prose(text):
    """Paragraphs and lists of a comment."""
    out = []
    for block in re.split(r"\n\s*\n", text.strip()):
        paragraph = []
        for line in block.split("\n"):
            if line.lstrip().startswith("- "):
                out += flush(paragraph) + [".IP \\(bu 2"]
                paragraph = [line.lstrip()[2:]]
            else:
                paragraph.append(line.strip())
        out += flush(paragraph) + [".PP"]
    return out[:-1]


def flush(paragraph):
    text = " ".join(paragraph).strip()
    paragraph.clear()
    return [inline(text)] if text else []


def page_of(header):
    return GENERAL.get(header, "vidstore_" + header.removesuffix(".h"))


def prototype(function):
    """The declaration as `.BI` likes it: bold, with the parameters' names in italics; long ones over several lines."""
    result = function["returns"]["type"]
    head = f'{result}{"" if result.endswith("*") else " "}{function["name"]}('
    if not function["params"]:
        return [f'.BI "{head}void);"']
    lines, arguments, width = [], [], len(head)
    for number, param in enumerate(function["params"]):
        ctype, array = re.fullmatch(r"(.*?)(\[\w*\])?", param["type"]).groups()
        ctype += "" if ctype.endswith("*") else " "
        tail = (array or "") + (");" if number == len(function["params"]) - 1 else ", ")
        length = len(ctype + param["name"] + tail)
        if width + length > 88 and arguments:
            lines.append(".BI " + " ".join(arguments))
            arguments, width = [], 4
        arguments.append(f'"{"" if arguments else head if not lines else "    "}{ctype}" {param["name"]} "{tail}"')
        width += length
    return lines + [".BI " + " ".join(arguments)]


def synopsis(header, functions):
    out = [".SH SYNOPSIS", ".nf", f".B #include <vidstore/{header['name']}>", ".PP"]
    for function in functions:
        out += prototype(function)
    return out + [".fi", ".PP", "Compile and link with", ".BR \"pkg\\-config \\-\\-cflags \\-\\-libs vidstore\" ."]


def constants(enums):
    out = []
    for enum in enums:
        out += [f".SS {escape(enum['doc'].rstrip('.') or enum['name'])}"]
        for value in enum["values"]:
            out += [".TP", f"\\fB{value['name']}\\fR ({escape(str(value['value']))})"]
            out += [inline(value["doc"])] if value["doc"] else ["\\&"]
    return out


def kind_of(field):
    """The type, with its maximum where the type alone does not say it."""
    limited = field["type"] in ("int", "text", "json") and field.get("max")
    return escape(f"{field['type']}, {field['max']}" if limited else field["type"])


def field_table(noun, docs):
    """A noun's fields with what may be done with each."""
    out = [f".SS Fields of {noun['name']} in queries, JSON and by id", ".TS", "l l l lx.",
           "\\fBname\\fR\t\\fBtype, maximum\\fR\t\\fBuse\\fR\t\\fBconstant and meaning\\fR", "_"]
    for field in noun["fields"]:
        words = inline(docs.get(field["constant"], ""))
        # On a narrow terminal a long constant is broken behind an underscore.
        constant = field["constant"].replace("_", "_\\:")
        name = "T{\n\\fB%s\\fR%s\nT}" % (constant, "\n.br\n" + words if words else "")
        uses = "T{\n%s\nT}" % escape(", ".join(USES[u] for u in field["uses"] if u in USES) or "read only")
        out.append("\t".join([escape(field["name"]), kind_of(field), uses, name]))
    return out + [".TE"]


def describe(function):
    out = [f".SS {function['name']}()", inline(function["summary"])]
    if function.get("description"):
        out += prose(function["description"])
    for param in function["params"]:
        if param["name"] == "reterr" or not param.get("doc"):
            continue
        out += [".TP", f"\\fI{param['name']}\\fR", inline(param["doc"])]
    return out


def returns(functions):
    out = [".SH RETURN VALUE",
           "Functions that return \\fBvidstore_status\\fR return \\fBVIDSTORE_OK\\fR (0) or a negative code,",
           "and write every \\fIret_\\fR parameter either way. The others:"]
    for function in functions:
        result = function["returns"]
        if result["type"] in ("vidstore_status", "void") or not result.get("doc"):
            continue
        out += [".TP", f"\\fB{function['name']}\\fR()", inline(result["doc"])]
    return out


def errors(functions):
    out = [".SH ERRORS", "See \\fBvidstore\\-errors\\fR(7) for what each code means."]
    for function in functions:
        if function["codes"]:
            out += [".TP", f"\\fB{function['name']}\\fR()", inline(function["errors"] + ".")]
    return out if len(out) > 2 else [".SH ERRORS", "None of these functions fails."]


def attributes(functions):
    out = [".SH ATTRIBUTES", "See \\fBvidstore\\-threads\\fR(7) for the terms.", ".TS", "lx l l.",
           "\\fBfunction\\fR\t\\fBthreads\\fR\t\\fBblocks\\fR", "_"]
    for function in functions:
        threads, blocks = ("T{\n%s\nT}" % escape(function[k]) for k in ("threads", "blocks"))
        out.append("\t".join([f"{function['name']}()", threads, blocks]))
    return out + [".TE"]


def history(functions):
    versions = sorted({f["since"] for f in functions})
    if len(versions) == 1:
        return [".SH HISTORY", f"All of this appeared in version {versions[0]}."]
    out = [".SH HISTORY"]
    for version in versions:
        names = ", ".join(f"\\fB{f['name']}\\fR()" for f in functions if f["since"] == version)
        out += [".TP", version, names]
    return out


def see_also(page, pages):
    others = [p for p in pages if p != page]
    return [".SH SEE ALSO", ",\n".join(f"\\fB{p}\\fR(3)" for p in others) + ",",
            ",\n".join(f"\\fBvidstore{p}\\fR(7)" for p in ("", "\\-errors", "\\-threads", "\\-limits", "\\-abi"))]


def family_page(api, header, pages):
    page = page_of(header["name"])
    functions = [f for f in api["functions"] if f["header"] == header["name"]]
    enums = [e for e in api["enums"] if e["header"] == header["name"]]
    nouns = [n for n in api["nouns"] if page == "vidstore_" + n["name"]]
    summary = re.match(r"(.+?)[.:](\s|$)", header["doc"].replace("\n", " ")).group(1)
    names = [page] + [f["name"] for f in functions if f["name"] != page]
    out = ["'\\\" t", '.\\" Written by scripts/manpages.py from the headers.',
           f'.TH {page.upper()} 3 "" "vidstore {api["version"]}" "vidstore manual"',
           ".nh", ".ad l", ".SH NAME", ", ".join(names) + " \\- " + escape(summary)]
    out += synopsis(header, functions) + [".SH DESCRIPTION"] + prose(header["doc"])
    described = {n["name"] + "_field" for n in nouns}
    out += constants([e for e in enums if e["name"] not in described])
    docs = {v["name"]: v["doc"] for e in enums for v in e["values"]}
    for noun in nouns:
        out += field_table(noun, docs)
    for function in functions:
        out += describe(function)
    out += returns(functions) + errors(functions) + attributes(functions) + history(functions) + see_also(page, pages)
    return "\n".join(out) + "\n"


def main(api_path, folder):
    with open(api_path, encoding="utf-8") as file:
        api = json.load(file)
    shutil.rmtree(folder, ignore_errors=True)  # no page of a function that is gone
    os.makedirs(folder)
    with_functions = {f["header"] for f in api["functions"]}
    headers = [h for h in api["headers"] if h["name"] in with_functions]
    pages = [page_of(h["name"]) for h in headers]
    written = {}
    for header in headers:
        written[page_of(header["name"])] = family_page(api, header, pages)
    for function in api["functions"]:
        written.setdefault(function["name"], f".so man3/{page_of(function['header'])}.3\n")
    for name, text in written.items():
        with open(os.path.join(folder, name + ".3"), "w", encoding="utf-8") as file:
            file.write(text)
    os.utime(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
