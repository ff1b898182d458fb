# SPDX-License-Identifier: MIT
"""Finds libvidstore and its API description, and makes one table of functions from the two."""
from __future__ import annotations

import ctypes
import ctypes.util
import json
import os
import re
import sys
from pathlib import Path
from typing import Any, Dict, Iterator, Optional

INT64_NULL = -(2**63)

SCALARS: Dict[str, Any] = {
    "void": None,
    "int32_t": ctypes.c_int32,
    "uint32_t": ctypes.c_uint32,
    "int64_t": ctypes.c_int64,
}


def _description_path() -> Path:
    """Where the API description lies: the environment, beside the package, or in the share folder of a prefix."""
    named = os.environ.get("VIDSTORE_API_JSON")
    if named:
        return Path(named)
    here = Path(__file__).resolve()
    places = [here.parent]
    places += [parent / "share" / "vidstore" for parent in here.parents[2:6]]  # PREFIX/lib/python3.x/site-packages/…
    library = os.environ.get("VIDSTORE_LIBRARY")
    if library:
        places += [parent / "share" / "vidstore" for parent in list(Path(library).resolve().parents)[:3]]
    places += [Path(prefix) / "share" / "vidstore" for prefix in (sys.prefix, "/usr/local", "/usr")]
    for place in places:
        if (place / "vidstore-api.json").is_file():
            return place / "vidstore-api.json"
    raise ImportError("vidstore-api.json was not found: install libvidstore, or set VIDSTORE_API_JSON")


def _beside() -> Iterator[str]:
    """The library beside the package, or in the lib folder of the prefix that the package was installed to."""
    here = Path(__file__).resolve()
    for folder in (here.parent, *(p for p in here.parents[2:6] if p.name in ("lib", "lib64"))):
        found = (folder / "libvidstore.so.0", *folder.glob("*-linux-gnu/libvidstore.so.0"))
        yield from (str(p) for p in found if p.exists())


def _open_library() -> ctypes.CDLL:
    name = os.environ.get("VIDSTORE_LIBRARY")
    if not name:
        name = next(_beside(), None) or ctypes.util.find_library("vidstore") or "libvidstore.so.0"
    try:
        return ctypes.CDLL(name)  # releases Python's lock during every call
    except OSError as error:
        raise ImportError(f"libvidstore was not found ({error}): install it, or set VIDSTORE_LIBRARY") from error


class Library:
    """The loaded library: `functions` by C name, `constants` by C name, and what the description says of each."""

    def __init__(self, path: Path, shared: ctypes.CDLL) -> None:
        self.api: Dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        if self.api.get("format") != 1:
            raise ImportError(f"{path}: a format of the API description that this package does not know")
        self.aliases = {t["name"]: t["type"] for t in self.api["types"] if t["kind"] == "alias"}
        self.handles = {t["name"]: t for t in self.api["types"] if t["kind"] == "handle"}
        self.enums: Dict[str, Dict[str, int]] = {
            e["name"]: {v["name"]: v["value"] for v in e["values"]} for e in self.api["enums"]
        }
        self.constants: Dict[str, int] = {k: v for e in self.enums.values() for k, v in e.items()}
        self.descriptions: Dict[str, Dict[str, Any]] = {f["name"]: f for f in self.api["functions"]}
        self.functions: Dict[str, Any] = {}
        for name, function in self.descriptions.items():
            found = getattr(shared, name, None)
            if found is None:
                continue  # the description is of a newer library than the one loaded
            found.argtypes = [self.ctype(p["type"]) for p in function["params"]]
            found.restype = self.ctype(function["returns"]["type"])
            self.functions[name] = found

    def ctype(self, spelled: str) -> Any:
        """The ctypes type of a C type. Pointers are plain addresses: what they point to is the caller's business."""
        base = spelled.replace("const", " ").replace(" ", "")
        stars = len(base) - len(base.rstrip("*"))
        base = base.rstrip("*")
        base = self.aliases.get(base, base)
        if stars == 0:
            return SCALARS[base]
        if spelled == "const char *":
            return ctypes.c_void_p
        if stars == 1:
            return ctypes.POINTER(SCALARS[base]) if base in ("int32_t", "int64_t", "uint32_t") else ctypes.c_void_p
        return ctypes.POINTER(ctypes.c_void_p)

    def call(self, name: str, *args: Any) -> Any:
        """Calls a function by its C name."""
        function = self.functions.get(name)
        if function is None:
            raise NotImplementedError(f"the loaded libvidstore has no {name}()")
        return function(*args)

    def enum_of(self, doc: str) -> Optional[str]:
        """The enumeration whose constants a parameter takes, from the first constant that its words name."""
        match = re.search(r"\bVIDSTORE_[A-Z0-9_]+", doc)
        if not match:
            return None
        for name, values in self.enums.items():
            if match.group() in values:
                return name
        for name, values in self.enums.items():
            if "VIDSTORE_" + name.upper() + "_" == match.group():
                return name
        return None

    def words(self, enum: str) -> Dict[str, int]:
        """The words of an enumeration without what all their names begin with: restrict, cascade, detach."""
        names = [n for n in self.enums[enum] if not n.endswith("_UNKNOWN")]
        prefix = os.path.commonprefix(names)
        prefix = prefix[: prefix.rfind("_") + 1] if len(names) > 1 else f"VIDSTORE_{enum.upper()}_"
        return {n[len(prefix) :].lower(): self.enums[enum][n] for n in names}

    def starting(self, prefix: str) -> Iterator[str]:
        return (name for name in self.functions if name.startswith(prefix))


lib = Library(_description_path(), _open_library())


def address(text: str, what: str) -> bytes:
    """Text as the library wants it. C ends text at a NUL, so that one inside would silently cut the rest off."""
    if not isinstance(text, str):
        raise TypeError(f"{what} must be str, not {type(text).__name__}")
    if "\0" in text:
        raise ValueError(f"{what} holds a NUL character")
    return text.encode("utf-8")


def string(pointer: Optional[int]) -> Optional[str]:
    """Text that the library keeps, copied."""
    return ctypes.string_at(pointer).decode("utf-8", "surrogateescape") if pointer else None


def take_text(pointer: Optional[int]) -> bytes:
    """The bytes of a vidstore_text, which is freed."""
    try:
        size = lib.call("vidstore_text_size", pointer)
        return ctypes.string_at(lib.call("vidstore_text_data", pointer), size)
    finally:
        lib.call("vidstore_text_free", pointer)
