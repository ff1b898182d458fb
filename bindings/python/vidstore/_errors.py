# SPDX-License-Identifier: MIT
"""One exception class a status code: NOT_FOUND is NotFoundError. All are VidstoreError."""
from __future__ import annotations

import ctypes
from typing import Dict, Optional, Type

from ._library import lib, string


class VidstoreError(Exception):
    """A call failed. `code` is the name of the status, such as "NOT_FOUND"."""

    #: The number of the status.
    status: int = 0
    code: str = "UNKNOWN"
    #: The finer cause, such as "too_long"; "none" when there is none, a number as text when it is a new one.
    subcode: str = "none"
    #: The field, parameter or option that was bad.
    field: Optional[str] = None
    #: Whether the same call may succeed later without any change.
    retryable: bool = False
    #: How long to wait before that; 0 when nothing is known.
    retry_after_ms: int = 0
    #: The error beneath, in the words of the operating system or the database.
    cause: Optional[str] = None


_subcodes: Dict[int, str] = {number: word for word, number in lib.words("sub").items()}
classes: Dict[int, Type[VidstoreError]] = {}
for _name, _number in lib.enums["status"].items():
    if _number < 0:
        _code = _name[len("VIDSTORE_") :]
        _title = "".join(part.capitalize() for part in _code.split("_")) + "Error"
        classes[_number] = type(_title, (VidstoreError,), {"status": _number, "code": _code, "__module__": "vidstore"})
globals().update({cls.__name__: cls for cls in classes.values()})


def from_pointer(pointer: Optional[int], status: int = 0) -> VidstoreError:
    """The exception that an error object stands for; the object stays the caller's."""
    status = lib.call("vidstore_error_code", pointer) or status
    message = string(lib.call("vidstore_error_message", pointer)) or f"status {status}"
    error = classes.get(status, VidstoreError)(message)
    error.status = status
    error.code = string(lib.call("vidstore_status_name", status)) or "UNKNOWN"
    subcode = lib.call("vidstore_error_subcode", pointer)
    error.subcode = _subcodes.get(subcode, str(subcode))
    error.field = string(lib.call("vidstore_error_field", pointer))
    error.retryable = bool(lib.call("vidstore_error_retryable", pointer))
    error.retry_after_ms = lib.call("vidstore_error_retry_after_ms", pointer)
    error.cause = string(lib.call("vidstore_error_cause", pointer))
    return error


def check(status: int, reterr: ctypes.c_void_p) -> None:
    """Raises what a failing call handed over, and frees it."""
    if status == 0:
        return
    try:
        error = from_pointer(reterr.value, status)
    finally:
        lib.call("vidstore_error_free", reterr)
    raise error
