# SPDX-License-Identifier: MIT
"""What goes into a call and what comes out: handles, params, queries, records, pages."""
from __future__ import annotations

import ctypes
import datetime
import json
import operator
import uuid
import weakref
from typing import Any, Callable, Dict, Iterable, Iterator, List, Mapping, NamedTuple, Optional, Type, Union

from . import _errors
from ._library import INT64_NULL, address, lib, string, take_text

EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
MICROSECOND = datetime.timedelta(microseconds=1)


def time_of(microseconds: Optional[int]) -> Optional[datetime.datetime]:
    """The time that microseconds since 1970 mean, in UTC."""
    return None if microseconds is None else EPOCH + microseconds * MICROSECOND


RANGES = {"int64_t": (-(2**63), 2**63), "int32_t": (-(2**31), 2**31), "uint32_t": (0, 2**32)}


def integer(value: Any, what: str, unit: str = "", ctype: str = "int64_t") -> int:
    """An integer that fits; times and durations of the standard library become microseconds or milliseconds."""
    if value is None:
        return INT64_NULL
    if isinstance(value, datetime.datetime):
        if value.tzinfo is None:
            raise ValueError(f"{what}: a time needs a time zone")
        return (value - EPOCH) // MICROSECOND
    if isinstance(value, datetime.timedelta):
        return value // (MICROSECOND if unit == "microseconds" else MICROSECOND * 1000)
    number = operator.index(value)
    least, beyond = RANGES.get(ctype, RANGES["int32_t"])
    if not least <= number < beyond:
        raise ValueError(f"{what} is out of range: {number}")
    return number


def refuse_nul(value: Any, what: str) -> None:
    """NUL characters anywhere in a JSON value."""
    if isinstance(value, str):
        address(value, what)
    elif isinstance(value, Mapping):
        for key, item in value.items():
            refuse_nul(key, what)
            refuse_nul(item, f"{what}.{key}")
    elif isinstance(value, (list, tuple)):
        for item in value:
            refuse_nul(item, what)


def _plain(value: Any) -> Any:
    """Values that JSON has no word for."""
    if isinstance(value, datetime.datetime):
        return integer(value, "time")
    if isinstance(value, uuid.UUID):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no form in JSON")


def to_json(value: Any, what: str) -> str:
    refuse_nul(value, what)
    return json.dumps(value, ensure_ascii=False, allow_nan=False, default=_plain)


def plain_fields(named: Optional[Mapping[str, Any]]) -> Dict[str, Any]:
    """Values of fields as JSON has them: a duration becomes milliseconds, a time microseconds."""
    return {name: integer(value, name, "milliseconds") if isinstance(value, datetime.timedelta) else value
            for name, value in (named or {}).items()}


class Handle:
    """An object of the library, freed when the last reference goes, or by close()."""

    ctype = ""

    def __init__(self, pointer: Optional[int], keep: Any = None, owned: bool = True) -> None:
        if not pointer:
            raise _errors.classes[lib.enums["status"]["VIDSTORE_NOMEM"]]("out of memory")
        self._pointer: Optional[int] = pointer
        self._keep = keep  # what it was borrowed from
        self._finalizer = None
        if owned:
            self._finalizer = weakref.finalize(self, lib.call, lib.handles[self.ctype]["free"], pointer)

    @property
    def pointer(self) -> int:
        if self._pointer is None:
            raise ValueError(f"the {type(self).__name__.lower()} is closed")
        return self._pointer

    @property
    def closed(self) -> bool:
        return self._pointer is None

    def close(self) -> None:
        """Frees it now. Closing twice is fine."""
        self._pointer = None
        if self._finalizer is not None:
            self._finalizer()

    def __enter__(self) -> Any:
        return self

    def __exit__(self, *exception: Any) -> None:
        self.close()


class Field(NamedTuple):
    id: int
    type: str
    doc: str


def fields_of(ctype: str) -> Dict[str, Field]:
    """The fields of a record, params or options type by name: of the field table if there is one, else the enum."""
    short = ctype[len("vidstore_") :]
    short = short[: -len("_params")] if short.endswith("_params") else short
    noun = short.split("_")[0]
    enum = noun + "_field" if noun + "_field" in lib.enums else noun
    docs = {v["name"]: v["doc"] for e in lib.api["enums"] if e["name"] == enum for v in e["values"]}
    fields = {}
    for word, number in lib.words(enum).items():
        doc = docs.get(f"VIDSTORE_{noun.upper()}_{word.upper()}", "")
        kind = "json" if doc.startswith("JSON") else "bool" if doc.startswith("Boolean") else ""
        fields[word] = Field(number, kind, doc)
    for table in lib.api["nouns"]:
        if table["name"] == noun:
            constants = {f["id"]: f for f in table["fields"]}
            named = {}
            for word, field in fields.items():
                line = constants.get(field.id)
                kind = line["type"] if line else field.type
                named[line["name"] if line else word] = Field(field.id, kind, field.doc)
            return named
    return fields


class Settable(Handle):
    """Params and options: an object of the library on which fields are set by name."""

    fields: Dict[str, Field] = {}

    def __init__(self, given: Optional[Mapping[str, Any]] = None, named: Optional[Mapping[str, Any]] = None) -> None:
        super().__init__(lib.call(self.ctype + "_new"))
        if given:
            values = dict(given)
            version = values.pop("expect_version", None)
            if self._has("_set_json"):
                text = address(to_json(values, self.ctype), self.ctype)
                lib.call(self.ctype + "_set_json", self.pointer, text)
            else:
                self.set(values)
            self._expect(version)
        if named:
            values = dict(named)
            self._expect(values.pop("expect_version", None))
            self.set(values)

    def _has(self, suffix: str) -> bool:
        return self.ctype + suffix in lib.functions

    def _expect(self, version: Optional[int]) -> None:
        if version is not None:
            lib.call(self.ctype + "_expect_version", self.pointer, integer(version, "expect_version"))

    def set(self, values: Mapping[str, Any]) -> None:
        for name, value in values.items():
            if name not in self.fields:
                raise TypeError(f"{self.ctype} has no field {name!r}")
            self._set(self.fields[name], name, value)

    def _set(self, to: Field, name: str, value: Any) -> None:
        field = to.id
        if value is None and self._has("_clear"):
            lib.call(self.ctype + "_clear", self.pointer, field)
        elif value is None or isinstance(value, (str, uuid.UUID)):
            text = None if value is None else address(str(value), name)
            lib.call(self.ctype + "_set_text", self.pointer, field, text)
        elif isinstance(value, (Mapping, list, tuple)):
            lib.call(self.ctype + "_set_text", self.pointer, field, address(to_json(value, name), name))
        else:
            unit = "microseconds" if to.type == "time" else "milliseconds"
            lib.call(self.ctype + "_set_int64", self.pointer, field, integer(value, name, unit))


_settables: Dict[str, Type[Settable]] = {}


def settable(ctype: str) -> Type[Settable]:
    if ctype not in _settables:
        _settables[ctype] = type(ctype, (Settable,), {"ctype": ctype, "fields": fields_of(ctype)})
    return _settables[ctype]


class Query(Handle):
    """What to list: Query("state = $1", "failed", sort="priority desc", limit=10, flags="deleted")."""

    ctype = "vidstore_query"

    def __init__(self, filter: Optional[str] = None, *binds: Any, sort: Optional[str] = None,
                 limit: Optional[int] = None, cursor: Optional[str] = None, flags: Any = 0,
                 search: Optional[str] = None) -> None:
        super().__init__(lib.call("vidstore_query_new"))
        self._again = (filter, binds, sort, limit, flags, search)
        self._cursor = cursor
        if filter is not None:
            error = ctypes.c_void_p()
            _errors.check(lib.call("vidstore_query_filter", self.pointer, address(filter, "filter"), error), error)
        if search is not None:
            error = ctypes.c_void_p()
            _errors.check(lib.call("vidstore_query_search", self.pointer, address(search, "search"), error), error)
        for number, value in enumerate(binds, 1):
            if isinstance(value, (str, uuid.UUID)):
                lib.call("vidstore_query_bind_text", self.pointer, number, address(str(value), f"${number}"))
            else:
                lib.call("vidstore_query_bind_int64", self.pointer, number, integer(value, f"${number}"))
        if sort is not None:
            lib.call("vidstore_query_sort", self.pointer, address(sort, "sort"))
        if limit is not None:
            lib.call("vidstore_query_limit", self.pointer, integer(limit, "limit"))
        if cursor is not None:
            lib.call("vidstore_query_cursor", self.pointer, address(cursor, "cursor"))
        if flags:
            lib.call("vidstore_query_flags", self.pointer, choice("query", flags, "flags"))

    def plain(self) -> Dict[str, Any]:
        """The query as JSON, for a call by name."""
        filter, binds, sort, limit, flags, search = self._again
        values = [str(b) if isinstance(b, (str, uuid.UUID)) else integer(b, "bind") for b in binds]
        named = {"filter": filter, "binds": values, "sort": sort, "limit": limit, "cursor": self._cursor,
                 "search": search,
                 "flags": choice("query", flags, "flags")}
        return {key: value for key, value in named.items() if value}

    def at(self, cursor: str) -> "Query":
        """The same query, going on where a page ended."""
        filter, binds, sort, limit, flags, search = self._again
        return Query(filter, *binds, sort=sort, limit=limit, cursor=cursor, flags=flags, search=search)


def choice(enum: str, value: Any, what: str, ctype: str = "uint32_t") -> int:
    """A constant by its word ("cascade") or number; flags also as a list of words."""
    if isinstance(value, str):
        words = lib.words(enum)
        if value not in words:
            raise ValueError(f"{what} must be one of {', '.join(words)}, not {value!r}")
        return words[value]
    if isinstance(value, (list, tuple, set, frozenset)):
        bits = 0
        for item in value:
            bits |= choice(enum, item, what, ctype)
        return bits
    return integer(value, what, ctype=ctype)


class Record(Handle):
    """A snapshot of a user, job, video, file or event. Its fields are attributes, called as in JSON: NULL is None,
    enumerations are words, times are datetimes in UTC, JSON is what it says."""

    _fields: Dict[str, Field] = {}

    def __getattr__(self, name: str) -> Any:
        field = type(self)._fields.get(name)
        if field is None or name.startswith("_"):
            raise AttributeError(f"{type(self).__name__} has no field {name!r}")
        if lib.call(self.ctype + "_is_null", self.pointer, field.id):
            return None
        text = string(lib.call(self.ctype + "_text", self.pointer, field.id))
        if text is not None:
            return json.loads(text) if field.type == "json" else text
        number = lib.call(self.ctype + "_int64", self.pointer, field.id)
        if field.type == "time":
            return time_of(number)
        return bool(number) if field.type == "bool" else number

    def number(self, name: str) -> Optional[int]:
        """A field as a number: the constant of an enumeration, the microseconds of a time."""
        number: int = lib.call(self.ctype + "_int64", self.pointer, type(self)._fields[name].id)
        return None if number == INT64_NULL else number

    def to_dict(self) -> Dict[str, Any]:
        """All fields, as the library renders them in JSON."""
        text, error = ctypes.c_void_p(), ctypes.c_void_p()
        _errors.check(lib.call(self.ctype + "_json", self.pointer, text, error), error)
        result: Dict[str, Any] = json.loads(take_text(text.value))
        return result

    def __dir__(self) -> Iterable[str]:
        return [*super().__dir__(), *type(self)._fields]

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and self.to_dict() == other.to_dict()

    def __hash__(self) -> int:
        return hash((type(self), self.id))

    def __repr__(self) -> str:
        return f"<vidstore.{type(self).__name__} {self.id}>" if not self.closed else f"<closed {type(self).__name__}>"


#: The record classes by C type: every handle whose fields can be read by id is one.
records: Dict[str, Type[Record]] = {}
for _ctype in lib.handles:
    if _ctype + "_is_null" in lib.functions:
        _name = "".join(part.capitalize() for part in _ctype[len("vidstore_") :].split("_"))
        records[_ctype] = type(_name, (Record,), {
            "ctype": _ctype, "_fields": fields_of(_ctype), "__module__": "vidstore"})


def share(ctype: str, pointer: Optional[int]) -> Optional[Record]:
    """A record of our own on a snapshot that is borrowed."""
    return records[ctype](lib.call(ctype + "_ref", pointer)) if pointer else None


Following = Callable[[Query], "Page"]


class Page(Handle):
    """One page of records. Iterating goes on with the pages that follow; `records` are those of this page alone."""

    ctype = "vidstore_page"

    def __init__(self, pointer: Optional[int], ctype: str, query: Optional[Query], again: Optional[Following]) -> None:
        super().__init__(pointer)
        self._record = ctype
        self._query = query
        self._list_again = again

    @property
    def count(self) -> int:
        """How many records this page has."""
        return int(lib.call("vidstore_page_count", self.pointer))

    @property
    def cursor(self) -> Optional[str]:
        """Where the next page begins; None: this was the last one."""
        return string(lib.call("vidstore_page_cursor", self.pointer))

    def __getitem__(self, index: int) -> Optional[Record]:
        if not 0 <= index < self.count:
            raise IndexError(f"the page has {self.count} records")
        noun = self._record[len("vidstore_") :]
        return share(self._record, lib.call(f"vidstore_page_{noun}", self.pointer, index))

    @property
    def records(self) -> List[Optional[Record]]:
        """The records of this page; None where an item of a bulk call failed."""
        return [self[index] for index in range(self.count)]

    def next(self) -> Optional["Page"]:
        """The page after this one; None when there is none."""
        cursor = self.cursor
        if cursor is None or self._list_again is None:
            return None
        return self._list_again((self._query or Query()).at(cursor))

    def __iter__(self) -> Iterator[Any]:
        page: Optional[Page] = self
        while page is not None:
            yield from page.records
            page = page.next()

    def status(self, index: int) -> int:
        """How an item of a bulk call fared: 0, or the number of a status."""
        return int(lib.call("vidstore_page_status", self.pointer, index))

    def error(self, index: int) -> Optional[_errors.VidstoreError]:
        """Why an item of a bulk call failed; None when it did not."""
        pointer = lib.call("vidstore_page_error", self.pointer, index)
        return _errors.from_pointer(pointer) if pointer else None

    def to_dict(self) -> Dict[str, Any]:
        """{"items": […], "cursor": …}, as the library renders it."""
        text, error = ctypes.c_void_p(), ctypes.c_void_p()
        _errors.check(lib.call("vidstore_page_json", self.pointer, text, error), error)
        result: Dict[str, Any] = json.loads(take_text(text.value))
        return result


Params = Union[Mapping[str, Any], Settable, None]
