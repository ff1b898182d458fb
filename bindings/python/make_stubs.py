# SPDX-License-Identifier: MIT
"""Writes vidstore/__init__.pyi, from which editors and type checkers learn what the package makes at run time.

usage: make_stubs.py OUTPUT      (with PYTHONPATH, VIDSTORE_LIBRARY and VIDSTORE_API_JSON set)
"""
import inspect
import re
import sys

import vidstore
from vidstore import _aio, _call, _errors, _handles, _values

HEAD = '''# Generated from the API description. Every call is described in the manual of the C function.
import datetime
import io
import os
import uuid
from typing import (Any, AsyncIterator, ContextManager, Dict, Generic, Iterable, Iterator, List, Mapping, Optional,
                    Sequence, Tuple, Type, TypeVar, Union)

_Text = str
_Id = Union[str, uuid.UUID]
_Number = Union[int, datetime.datetime, datetime.timedelta]
_Path = Union[str, bytes, "os.PathLike[str]"]
_Bytes = Union[bytes, bytearray, memoryview]
_Word = Union[int, str, Sequence[str]]
_R = TypeVar("_R", bound="Record")
_H = TypeVar("_H", bound="Handle")
'''
FIELD_TYPES = {"int": "Optional[int]", "bool": "Optional[bool]", "time": "Optional[datetime.datetime]", "json": "Any"}
C_TYPES = {"const char *": "Optional[str]", "void": "None", "int64_t": "int", "uint32_t": "int"}


def slot_type(slot):
    """What a parameter takes."""
    if isinstance(slot, _call.Text) and slot.name in _call.PATHS:
        kind = "_Path"
    elif isinstance(slot, _call.Text):
        kind = "Any" if slot.name.endswith("_json") else "_Id" if slot.name.endswith("id") else "_Text"
    elif isinstance(slot, _call.Number):
        kind = "_Word" if slot.enum else "Any" if slot.name == "fd" else "_Number"
    elif isinstance(slot, _call.Many):
        kind = "Sequence[Mapping[str, Any]]" if slot.ctype else "Sequence[_Id]"
    elif isinstance(slot, _call.Values):
        kind = "Mapping[str, Any]"
    elif isinstance(slot, _call.Filter):
        kind = "Union[str, Query]"
    else:
        kind = "_Bytes" if isinstance(slot, _call.Bytes) else "Handle"
    optional = slot.nullable or slot.default is None
    return f"Optional[{kind}]" if optional and kind != "Any" else kind


def class_of(ctype):
    base = re.sub(r"\bconst\b|[* ]", "", ctype)
    cls = _values.records.get(base) or _call.wrappers.get(base)
    return cls.__name__ if cls else None


def result_type(call):
    """What a call returns."""
    if call.pages:
        return f"Page[{_values.records[call.record].__name__}]"
    outs = [p for p in call.description["params"] if p["direction"] == "out" and p["name"] != "reterr"]
    if not outs:
        returned = call.description["returns"]["type"]
        return "None" if call.fallible else C_TYPES.get(returned) or class_of(returned) or "Any"
    if any(out["type"] == "char *" for out in outs):
        texts = ("char *", "vidstore_text **")
        names = ["str" if out["type"] in texts else class_of(out["type"]) for out in outs]
        return f"Tuple[{', '.join(names)}]" if len(names) > 1 else names[0]
    out = outs[0]
    if out["type"] == "vidstore_text **":
        return {"ret_json": "Any", "ret_data": "Optional[bytes]"}.get(out["name"], "str")
    scalar = {"int32_t *": "bool", "int64_t *": "int"}.get(out["type"])
    name = scalar or class_of(out["type"])
    return f"Optional[{name}]" if name == "Lease" and call.name.endswith("claim") else name


def parameters(call):
    slots = {slot.name: slot_type(slot) for slot in call.slots}
    extra = {"binds": "Any", "sort": "Optional[str]", "limit": "Optional[int]", "cursor": "Optional[str]",
             "search": "Optional[str]",
             "flags": "_Word", "fields": "Any"}
    words = []
    for param in call.signature.parameters.values():
        stars = {param.VAR_POSITIONAL: "*", param.VAR_KEYWORD: "**"}.get(param.kind, "")
        default = "" if param.default is param.empty else " = ..."
        words.append(f"{stars}{param.name}: {slots.get(param.name) or extra[param.name]}{default}")
    return words


def method(name, call, bound=True):
    words = parameters(call)
    return f"def {name}({', '.join((['self'] if bound else []) + words)}) -> {result_type(call)}: ..."


def by_hand(cls):
    """Members that the package defines in so many words."""
    for name, member in vars(cls).items():
        if name.startswith("_") and name not in ("__init__", "__enter__", "__exit__", "__iter__", "__getitem__"):
            continue
        inner = member.fget if isinstance(member, property) else inspect.unwrap(member) if callable(member) else None
        if inner is None or not inspect.isfunction(inner) or inner.__module__ == "vidstore._call":
            continue
        if inner.__name__ == "invoke" or "invoke" in inner.__qualname__:
            continue
        if isinstance(member, property):
            yield "@property"
        returns = inner.__annotations__.get("return", "Any").replace("_errors.", "")
        if name == "transaction":
            returns = 'ContextManager["Session"]'
        elif name == "__enter__":
            yield "def __enter__(self: _H) -> _H: ..."
            continue
        begin = "async def" if inspect.iscoroutinefunction(inner) else "def"
        yield f"{begin} {name}({', '.join(annotated(inner))}) -> {returns}: ..."


def annotated(function):
    for param in inspect.signature(function).parameters.values():
        stars = {param.VAR_POSITIONAL: "*", param.VAR_KEYWORD: "**"}.get(param.kind, "")
        kind = "" if param.annotation is param.empty else f": {param.annotation}"
        yield f"{stars}{param.name}{kind}{'' if param.default is param.empty else ' = ...'}"


def generated(ctype):
    """The members of a class that come from the description."""
    cls = _call.wrappers[ctype]
    for call in _handles._calls.values():
        params = call.description["params"]
        first = params[0]["type"].replace("const ", "").rstrip("* ")
        verb = next((n for n, m in vars(cls).items() if made_by(m, call)), None)
        if first != ctype or verb is None:
            continue
        if call.getter:
            yield "@property"
            yield f"def {verb}(self) -> {result_type(call)}: ..."
        else:
            yield method(verb, call)


def made_by(member, call):
    inner = member.fget if isinstance(member, property) else member
    ours = getattr(inner, "__name__", "") == call.name[len("vidstore_") :]
    return ours and "invoke" in getattr(inner, "__qualname__", "")


def awaitable(verb, call):
    """The same call on session.aio."""
    pages = result_type(call).replace("Page[", "AsyncPage[")
    return f"async def {verb}({', '.join(['self'] + parameters(call))}) -> {pages}: ..."


def awaitables():
    """session.aio and its groups."""
    top = []
    for noun, group in _aio.groups.items():
        calls = [(verb, _handles._calls[f"vidstore_{noun}_{verb}"]) for verb in vars(group) if verb[0] != "_"]
        yield block(f"class {group.__name__}:", [awaitable(verb, call) for verb, call in calls])
        top += ["@property", f"def {noun}(self) -> {group.__name__}: ..."]
    single = [name for name in vars(_aio.AsyncCalls) if name[0] != "_" and name not in _aio.groups]
    yield block("class AsyncCalls:", [awaitable(n, _handles._calls[f"vidstore_{n}"]) for n in single] + top)
    yield block("class AsyncPage(Page[_R]):", [
        "async def following(self) -> Optional[AsyncPage[_R]]: ...", "def __aiter__(self) -> AsyncIterator[_R]: ..."])
    for cls in (_aio.Queue, _aio.Result):
        yield block(f"class {cls.__name__}(Handle):", by_hand(cls))


def block(head, lines):
    lines = list(lines)
    return head + "\n" + ("".join(f"    {line}\n" for line in lines) or "    ...\n")


def record(ctype, cls):
    lines = [f"{name}: {FIELD_TYPES.get(field.type, 'Optional[str]')}" for name, field in cls._fields.items()
             if name != "password"]
    lines = ["id: str" if line.startswith("id:") else line for line in lines]
    own = [n for n, m in vars(cls).items() if isinstance(m, property)]
    return block(f"class {cls.__name__}(Record):", lines + [f"{name}: Any" for name in own])


def stubs():
    yield HEAD
    yield block("class VidstoreError(Exception):", [
        "status: int", "code: str", "subcode: str", "field: Optional[str]", "retryable: bool", "retry_after_ms: int",
        "cause: Optional[str]"])
    for cls in _errors.classes.values():
        yield f"class {cls.__name__}(VidstoreError): ...\n"
    for cls in (_values.Handle, _values.Query, _values.Record):
        yield block(f"class {cls.__name__}{'' if cls is _values.Handle else '(Handle)'}:", by_hand(cls))
    for ctype, cls in _values.records.items():
        yield record(ctype, cls)
    page = [line for line in by_hand(_values.Page) if "__init__" not in line]  # only the library makes pages
    yield (block("class Page(Handle, Generic[_R]):", page)
           .replace("Iterator[Any]", "Iterator[_R]").replace("List[Optional[Record]]", "List[_R]")
           .replace("Optional[Record]", "_R").replace("Optional['Page']", "Optional[Page[_R]]")
           .replace('Optional["Page"]', "Optional[Page[_R]]"))
    for noun, cls in _handles.groups.items():
        calls = [(verb, _handles._calls[f"vidstore_{noun}_{verb}"]) for verb in vars(cls) if not verb.startswith("_")]
        yield block(f"class {cls.__name__}:", [method(verb, call) for verb, call in calls])
    yield from (text.replace("_aio.", "") for text in awaitables())
    for ctype, cls in _call.wrappers.items():
        base = "io.RawIOBase" if cls is _handles.Reader else "Handle"
        lines = [line.replace("_aio.", "") for line in by_hand(cls) if "__init__" not in line] + list(generated(ctype))
        if cls is _handles.Session:
            for noun, group in _handles.groups.items():
                lines += ["@property", f"def {noun}(self) -> {group.__name__}: ..."]
        yield block(f"class {cls.__name__}({base}):", lines)
    for name, call in _handles.functions.items():
        yield method(name, call, bound=False) + "\n"
    yield "def time_of(microseconds: Optional[int]) -> Optional[datetime.datetime]: ...\nlib: Any\n__version__: str\n"
    for name in vidstore.lib.constants:
        yield f"{name[len('VIDSTORE_'):]}: int\n"


with open(sys.argv[1], "w", encoding="utf-8") as output:
    output.write("\n".join(stubs()))
