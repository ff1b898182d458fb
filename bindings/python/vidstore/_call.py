# SPDX-License-Identifier: MIT
"""Makes a Python method from the description of a C function.

Every parameter becomes a slot that knows how a Python value goes into the call, every `ret_` parameter one that knows
how a result comes out of it. Nothing here knows any function by its name.
"""
from __future__ import annotations

import base64
import ctypes
import inspect
import json
import os
import re
from typing import Any, Callable, Dict, List, Optional, Tuple, Type

from . import _errors
from ._library import address, lib, string, take_text
from ._values import (Handle, Page, Query, Record, choice, integer, plain_fields, records, settable, share, to_json)

PATHS = ("path", "directory", "backup", "location")
REQUIRED = inspect.Parameter.empty

#: The wrapper class of a handle type; _handles.py adds those that can do more than be freed.
wrappers: Dict[str, Type[Handle]] = {}


class Slot:
    """One Python parameter, which fills one or two C parameters."""

    def __init__(self, param: Dict[str, Any], default: Any = REQUIRED) -> None:
        self.name: str = param["name"]
        self.doc: str = param.get("doc", "")
        self.nullable: bool = param.get("nullable", False)
        self.default = None if self.nullable and default is REQUIRED else default

    #: Whether it is the query of a list.
    is_query = False

    def convert(self, value: Any, keep: List[Any]) -> List[Any]:
        raise NotImplementedError

    def plain(self, value: Any) -> Any:
        """The value as JSON carries it, for a call by name."""
        return value


#: Texts that are JSON, though their names do not say so.
JSON = ("filter", "params")


class Text(Slot):
    def convert(self, value: Any, keep: List[Any]) -> List[Any]:
        if value is None and self.nullable:
            return [None]
        if self.name in PATHS:
            value = os.fsdecode(value)
            if "\0" in value:
                raise ValueError(f"{self.name} holds a NUL character")
            return self.kept(os.fsencode(value), keep)
        if (self.name.endswith("_json") or self.name in JSON) and not isinstance(value, str):
            value = to_json(value, self.name)
        if self.name.endswith("id") and not isinstance(value, (str, bytes, int)):
            value = str(value)  # a uuid.UUID
        return self.kept(address(value, self.name), keep)

    def plain(self, value: Any) -> Any:
        if value is None or self.name.endswith("_json"):
            return value
        if self.name in PATHS:
            return os.fsdecode(value)
        return str(value) if self.name.endswith("id") else value

    @staticmethod
    def kept(value: bytes, keep: List[Any]) -> List[Any]:
        keep.append(value)
        return [ctypes.cast(ctypes.c_char_p(value), ctypes.c_void_p)]


class Number(Slot):
    def __init__(self, param: Dict[str, Any]) -> None:
        missing = "INT64_MIN" in param.get("doc", "")
        zero = param["name"] in ("flags", "mode", "wait_ms", "full", "since_us")
        super().__init__(param, None if missing else 0 if zero else REQUIRED)
        self.missing = missing
        self.unit = param.get("unit", "")
        self.ctype = param["type"]
        self.enum = lib.enum_of(self.doc) if self.ctype != "int64_t" else None

    def convert(self, value: Any, keep: List[Any]) -> List[Any]:
        if value is None and not self.missing:
            raise TypeError(f"{self.name} must be a number")
        if self.enum:
            return [choice(self.enum, value, self.name, self.ctype)]
        if hasattr(value, "fileno"):
            value = value.fileno()
        return [integer(value, self.name, self.unit, self.ctype)]


    def plain(self, value: Any) -> Any:
        return None if value is None else self.convert(value, [])[0]


class Object(Slot):
    def convert(self, value: Any, keep: List[Any]) -> List[Any]:
        if value is None and self.nullable:
            return [None]
        if not isinstance(value, Handle):
            raise TypeError(f"{self.name} must be a handle of vidstore, not {type(value).__name__}")
        keep.append(value)
        return [value.pointer]


class Values(Slot):
    """Params or options: a dict, the keyword arguments that are left, or both."""

    def __init__(self, param: Dict[str, Any], ctype: str) -> None:
        super().__init__(param, None)
        self.ctype = ctype

    def convert(self, value: Any, keep: List[Any]) -> List[Any]:
        given, named = value
        if given is None and not named and self.nullable:
            return [None]
        keep.append(settable(self.ctype)(given, named))
        return [keep[-1].pointer]


    def plain(self, value: Any) -> Any:
        given, named = value
        return None if given is None and not named and self.nullable else {**(given or {}), **plain_fields(named)}


class Filter(Slot):
    is_query = True

    def plain(self, value: Any) -> Any:
        return None if value is None else value.plain()

    def convert(self, value: Any, keep: List[Any]) -> List[Any]:
        keep.append(value)
        return [value.pointer if value is not None else None]


class Bytes(Slot):
    """A pointer and a size."""

    def convert(self, value: Any, keep: List[Any]) -> List[Any]:
        if isinstance(value, str):
            raise TypeError(f"{self.name} must be bytes, not str")
        view = memoryview(value).cast("B")
        if view.readonly:
            data = value if isinstance(value, bytes) else view.tobytes()
            keep.append(data)
            return [ctypes.cast(ctypes.c_char_p(data), ctypes.c_void_p), len(data)]
        keep.append((ctypes.c_char * len(view)).from_buffer(view))
        return [ctypes.addressof(keep[-1]), len(view)]


    def plain(self, value: Any) -> Any:
        return {"base64": base64.b64encode(bytes(value)).decode("ascii")}


class Many(Slot):
    """An array; the count is shared by all arrays of a call."""

    def __init__(self, param: Dict[str, Any], ctype: str, counted: bool) -> None:
        super().__init__(param)
        self.ctype = ctype
        self.counted = counted

    def convert(self, value: Any, keep: List[Any]) -> List[Any]:
        items = list(value)
        array = (ctypes.c_void_p * len(items))()
        for index, item in enumerate(items):
            if self.ctype:
                keep.append(settable(self.ctype)(item))
                array[index] = keep[-1].pointer
            else:
                array[index] = Text.kept(address(str(item), self.name), keep)[0].value
        keep.append(array)
        pointer = ctypes.cast(array, ctypes.POINTER(ctypes.c_void_p))
        return [pointer, len(items)] if self.counted else [pointer]


    def plain(self, value: Any) -> Any:
        return [dict(item) if self.ctype else str(item) for item in value]


def slot_of(params: List[Dict[str, Any]], index: int) -> Tuple[Slot, int]:
    """The slot of the parameter at an index, and how many C parameters it takes."""
    param = params[index]
    ctype = param["type"]
    base = re.sub(r"\bconst\b|[* ]", "", ctype)
    if ctype.count("*") == 2:
        last = index + 1 < len(params) and params[index + 1]["name"] == "count"
        return Many(param, "" if base == "char" else base, last), 2 if last else 1
    if ctype == "const char *":
        return Text(param), 1
    if ctype == "const void *":
        return Bytes(param), 2
    if base == "vidstore_query":
        return Filter(param, None), 1
    if base + "_new" in lib.functions:
        return Values(param, base), 1
    if "*" in ctype:
        return Object(param), 1
    return Number(param), 1


def result_of(param: Dict[str, Any]) -> Tuple[Any, Callable[[Any, Any], Any]]:
    """A place for a result, and what makes a Python value of it."""
    ctype, name = param["type"], param["name"]
    base = re.sub(r"\bconst\b|[* ]", "", ctype)
    if ctype == "char *":  # a secret: the library fills a buffer and keeps nothing
        size = lib.constants["VIDSTORE_TOKEN_SIZE"]
        return ctypes.c_char * size, lambda place, owner: place.value.decode("ascii")
    if ctype == "int32_t *":
        return ctypes.c_int32, lambda place, owner: bool(place.value)
    if ctype == "int64_t *":
        return ctypes.c_int64, lambda place, owner: place.value
    if base == "vidstore_text":
        return ctypes.c_void_p, lambda place, owner: text_result(name, place.value)
    if base in records:
        return ctypes.c_void_p, lambda place, owner: records[base](place.value)
    return ctypes.c_void_p, lambda place, owner: wrappers[base](place.value, owner) if place.value else None


def text_result(name: str, pointer: Optional[int]) -> Any:
    if not pointer:
        return None
    data = take_text(pointer)
    if name == "ret_json":
        return json.loads(data)
    if name == "ret_data":
        return data
    return os.fsdecode(data) if name == "ret_path" else data.decode("utf-8")


class Call:
    """A C function as something that Python can call; `bound` says whether its first parameter is the owner."""

    def __init__(self, name: str, bound: bool) -> None:
        self.name = name
        self.description = lib.descriptions[name]
        params = self.description["params"]
        self.bound = bound
        self.slots: List[Slot] = []
        self.results: List[Tuple[Any, Callable[[Any, Any], Any]]] = []
        self.buffers: List[int] = []  # which of them are buffers, each followed by its size
        self.fallible = any(p["name"] == "reterr" for p in params)
        self.pages = False
        index = 1 if bound else 0
        while index < len(params):
            param = params[index]
            if param["direction"] == "out" and param["name"] != "reterr":
                self.pages = self.pages or param["type"] == "vidstore_page **"
                self.results.append(result_of(param))
                if param["type"] == "char *":
                    self.buffers.append(len(self.results) - 1)
                    index += 1  # its size
            elif param["name"] not in ("reterr", "count"):
                slot, width = slot_of(params, index)
                self.slots.append(slot)
                index += width - 1
            index += 1
        self.record = self._record_of_page() if self.pages else ""
        self.signature = self._signature()

    def _record_of_page(self) -> str:
        noun, last = self.name.split("_")[1], self.name.rsplit("_", 1)[1]
        if f"vidstore_{last[:-1]}" in records:  # collection.videos gives videos
            return f"vidstore_{last[:-1]}"
        return next(c for c in records if c == f"vidstore_{noun}" or c.startswith(f"vidstore_{noun}_"))

    def _signature(self) -> inspect.Signature:
        kinds = inspect.Parameter
        # The order is that of C: what may be left out is so only where nothing needed follows.
        setter = "_set" in self.name
        params: List[inspect.Parameter] = []
        for slot in reversed(self.slots):
            default = slot.default if not params or params[0].default is not REQUIRED else REQUIRED
            if setter and isinstance(slot, Text):
                default = REQUIRED  # to set nothing is a choice to be written down
            params.insert(0, kinds(slot.name, kinds.POSITIONAL_OR_KEYWORD, default=default))
        if self.slots and isinstance(self.slots[-1], Filter):
            params[-1] = kinds(self.slots[-1].name, kinds.POSITIONAL_OR_KEYWORD, default=None)
            params.append(kinds("binds", kinds.VAR_POSITIONAL))
            params += [kinds(n, kinds.KEYWORD_ONLY, default=None) for n in ("sort", "limit", "cursor", "search")]
            params.append(kinds("flags", kinds.KEYWORD_ONLY, default=0))
        if any(isinstance(s, Values) for s in self.slots):
            params.append(kinds("fields", kinds.VAR_KEYWORD))
        return inspect.Signature(params)

    def _gather(self, args: Tuple[Any, ...], kwargs: Dict[str, Any]) -> Dict[str, Any]:
        """The value for each slot by name."""
        bound = self.signature.bind(*args, **kwargs)
        bound.apply_defaults()
        values = dict(bound.arguments)
        named = values.pop("fields", None)
        for slot in self.slots:
            if isinstance(slot, Values):
                values[slot.name] = (values[slot.name], named)
            elif isinstance(slot, Filter):
                values[slot.name] = self._query(values, values[slot.name])
        return values

    @staticmethod
    def _query(values: Dict[str, Any], given: Any) -> Optional[Query]:
        options = {key: values[key] for key in ("sort", "limit", "cursor", "search", "flags") if values.get(key)}
        binds = values.get("binds", ())
        if isinstance(given, Query):
            if binds or options:
                raise TypeError("a Query has its binds and options already")
            return given
        return Query(given, *binds, **options) if given is not None or options or binds else None

    def __call__(self, owner: Any, *args: Any, **kwargs: Any) -> Any:
        values = self._gather(args, kwargs)
        keep: List[Any] = [owner]
        arguments: List[Any] = [owner.pointer] if self.bound else []
        for slot in self.slots:
            arguments += slot.convert(values[slot.name], keep)
        arrays = [kept for kept in keep if isinstance(kept, ctypes.Array) and kept._type_ is ctypes.c_void_p]
        if len({len(array) for array in arrays}) > 1:
            raise ValueError(f"{self.name}(): the lists differ in length")
        places = [kind() for kind, _ in self.results]
        for index, place in enumerate(places):
            arguments += [place, ctypes.sizeof(place)] if index in self.buffers else [ctypes.byref(place)]
        returned = lib.call(self.name, *arguments, *self._error(keep))
        if self.fallible:
            _errors.check(returned, keep[-1])
        if self.pages:
            return self._page(owner, places[0], values)
        if not self.results:
            return None if self.fallible else self._returned(returned, owner)
        made = [make(place, owner) for (_, make), place in zip(self.results, places)]
        return tuple(made) if self.buffers and len(made) > 1 else made[0]

    def _error(self, keep: List[Any]) -> List[Any]:
        if not self.fallible:
            return []
        keep.append(ctypes.c_void_p())
        return [ctypes.byref(keep[-1])]

    def _page(self, owner: Any, place: Any, values: Dict[str, Any]) -> Page:
        slot = next((s for s in self.slots if isinstance(s, Filter)), None)
        if slot is None:
            return Page(place.value, self.record, None, None)
        first = self.before_query(values)
        return Page(place.value, self.record, values[slot.name], lambda query: self(owner, *first, query))

    def before_query(self, values: Dict[str, Any]) -> List[Any]:
        """What a list is of, which goes with the query of each of its pages."""
        return [values[slot.name] for slot in self.slots if not slot.is_query]

    def _returned(self, value: Any, owner: Any) -> Any:
        """What a function returns that can't fail."""
        entry = self.description["returns"]
        base = re.sub(r"\bconst\b|[* ]", "", entry["type"])
        if entry["type"] == "const char *":
            return string(value)
        if base in records:
            return share(base, value)
        if "*" in entry["type"]:
            return wrappers[base](value, owner, False) if value else None
        enum = lib.enum_of(entry.get("doc", "")) if entry["type"] == "int32_t" else None
        return {number: word for word, number in lib.words(enum).items()}.get(value) if enum else value

    @property
    def getter(self) -> bool:
        """Whether it only tells something of its owner: such a call becomes a property."""
        return self.bound and not self.slots and not self.fallible and self.description["returns"]["type"] != "void"


def method(call: Call) -> Any:
    """A function for a class; its signature and words are those of the description."""

    def invoke(self: Any, *args: Any, **kwargs: Any) -> Any:
        return call(self, *args, **kwargs)

    invoke.__name__ = call.name[len("vidstore_") :]
    invoke.__doc__ = call.description["summary"] + "\n\n" + call.description.get("description", "")
    if call.getter:
        return property(invoke, doc=call.description["summary"])
    me = inspect.Parameter("self", inspect.Parameter.POSITIONAL_OR_KEYWORD)
    invoke.__signature__ = inspect.Signature([me, *call.signature.parameters.values()])  # type: ignore[attr-defined]
    return invoke


__all__ = ["Call", "Record", "method", "wrappers"]
