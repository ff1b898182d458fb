# SPDX-License-Identifier: MIT
"""Store, session, lease, upload and reader: what the description gives them, and what Python adds."""
from __future__ import annotations

import ctypes
import io
import threading
from contextlib import contextmanager
from typing import Any, Dict, Iterator, Optional, Type

from . import _aio, _errors
from ._call import Call, method, wrappers
from ._library import lib
from ._values import Handle, integer, records


class Store(Handle):
    """An open store. Close it, or use it in a `with` statement."""

    ctype = "vidstore"

    def queue(self, limit: int = 0) -> _aio.Queue:
        """A queue for results of calls in the background, for event loops of your own; see Session.aio for asyncio."""
        return _aio.Queue(self, limit)

    async def login_async(self, name: str, password: str) -> "Session":
        """As login(), awaitable: checking a password takes a while."""
        session: Session = await _aio.login(self, name, password)
        return session

    def close(self) -> None:
        """Closes it now. What is awaited is cancelled."""
        _aio.close_of(self)
        super().close()


class Session(Handle):
    """Who acts. Calls are grouped by noun: session.job.submit(…), session.file.list(…)."""

    ctype = "vidstore_session"

    @property
    def aio(self) -> _aio.AsyncCalls:
        """The same calls, to be awaited: await session.aio.job.submit(kind="x")."""
        return _aio.AsyncCalls(self)

    @contextmanager
    def transaction(self, flags: int = 0) -> Iterator["Session"]:
        """What the block changes is one commit, or is undone when it raises. Inside another one: a savepoint."""
        self.begin(flags)  # type: ignore[attr-defined]
        try:
            yield self
        except BaseException:
            self._undo()
            raise
        try:
            self.commit()  # type: ignore[attr-defined]
        except _errors.VidstoreError:
            self._undo()  # of the outermost there is nothing left, of an inner one there is
            raise

    def _undo(self) -> None:
        try:
            self.rollback()  # type: ignore[attr-defined]
        except _errors.VidstoreError:
            pass  # it is over in every case; what went wrong first counts

    @contextmanager
    def reading(self, max_age_ms: int = 5000) -> Iterator["Session"]:
        """What the block reads is of one state, and many small reads cost less in it. It can't write."""
        _calls["vidstore_snapshot_begin"](self, max_age_ms)
        try:
            yield self
        finally:
            _calls["vidstore_snapshot_end"](self)


class Lease(Handle):
    """One attempt at one job. Leaving a `with` block finishes it; by an exception, fails it."""

    ctype = "vidstore_lease"
    _ended = False

    def _end(self, name: str, *args: Any, **kwargs: Any) -> None:
        _calls[f"vidstore_lease_{name}"](self, *args, **kwargs)
        self._ended = True

    def finish(self, result_json: Any = None) -> None:
        """The work is done; `result_json` becomes the job's result."""
        self._end("finish", result_json)

    def fail(self, message: str, retry: bool = True) -> None:
        """The work failed. It is tried again while attempts are left, unless `retry` is false."""
        self._end("fail", message, retry)

    def release(self) -> None:
        """Give the job back without counting the attempt; after a cancel signal this ends the job."""
        self._end("release")

    def __exit__(self, kind: Optional[Type[BaseException]], value: Any, trace: Any) -> None:
        try:
            if not self._ended and not self.closed:
                self._leave(kind, value)
        except _errors.VidstoreError:
            if kind is None:
                raise  # else the exception that is under way says more
        finally:
            self.close()

    def _leave(self, kind: Optional[Type[BaseException]], value: Any) -> None:
        if kind is None:
            self.finish()
        elif not issubclass(kind, Exception) or getattr(value, "code", "") == "CANCELLED":
            self.release()
        elif getattr(value, "code", "") != "LEASE_LOST":
            message = f"{kind.__name__}: {value}".replace("\0", " ")
            self.fail(message.encode("utf-8", "replace")[:4000].decode("utf-8", "ignore"))


class Upload(Handle):
    """A file that is being written. It is kept for resume when it was not published."""

    ctype = "vidstore_upload"

    def write(self, data: Any) -> int:
        """Append bytes. Returns how many, so that shutil.copyfileobj() can write to it."""
        _calls["vidstore_upload_write"](self, data)
        return memoryview(data).nbytes

    def publish(self, session: Optional[Session] = None) -> Any:
        """Make the sealed upload a file, in the session that opened it or another one."""
        return _calls["vidstore_upload_publish"](session or self._keep, self)

    def finish(self, total: Optional[int] = None) -> Any:
        """Seal and publish. `total` is the number of bytes that there must be; default: as many as were written."""
        self.seal(self.size if total is None else total)  # type: ignore[attr-defined]
        return self.publish()


class Reader(io.RawIOBase):
    """A file that is being read; any code that reads binary files can use it. pread() is safe from any thread."""

    def __init__(self, pointer: Optional[int], keep: Any = None, owned: bool = True) -> None:
        super().__init__()
        self._handle = _ReaderHandle(pointer, keep, owned)
        self._offset = 0

    @property
    def pointer(self) -> int:
        return self._handle.pointer

    def _into(self, offset: int, view: memoryview) -> int:
        buffer = (ctypes.c_char * len(view)).from_buffer(view)
        got, error = ctypes.c_int64(), ctypes.c_void_p()
        status = lib.call("vidstore_reader_read", self.pointer, integer(offset, "offset"),
                          ctypes.addressof(buffer), len(view), ctypes.byref(got), ctypes.byref(error))
        _errors.check(status, error)
        return got.value

    def pread(self, offset: int, size: int) -> bytes:
        """A range; shorter only at the end of the file."""
        data = bytearray(max(0, min(size, self.size - offset)))  # type: ignore[attr-defined]
        return bytes(data[: self._into(offset, memoryview(data))]) if data else b""

    def readinto(self, buffer: Any) -> int:
        view = memoryview(buffer).cast("B")
        count = self._into(self._offset, view) if len(view) else 0
        self._offset += count
        return count

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._offset, io.SEEK_END: self.size}[whence]  # type: ignore[attr-defined]
        if base + offset < 0:
            raise ValueError("seek before the beginning")
        self._offset = base + offset
        return self._offset

    def tell(self) -> int:
        return self._offset

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def close(self) -> None:
        self._handle.close()
        super().close()


class Watch(Handle):
    """Follows what changes. `fd` is readable while there may be something. close() may come from any thread: it ends a
    wait in another one with CANCELLED."""

    ctype = "vidstore_watch"

    def __init__(self, pointer: Optional[int], keep: Any = None, owned: bool = True) -> None:
        super().__init__(pointer, keep, owned)
        self._using = threading.Lock()  # held while the library works on the handle

    def _call(self, name: str, *args: Any) -> Any:
        try:
            with self._using:
                return _calls[name](self, *args)
        finally:
            if self.closed:  # meanwhile, by another thread or a signal handler, which left the rest to us
                super().close()

    def wait(self, wait_ms: int) -> Any:
        """Whether there may be something for next(), as soon as there is, or when the time is over."""
        return self._call("vidstore_watch_wait", wait_ms)

    def next(self, max: int) -> Any:  # the name that the C function has
        """What has changed since the last call, oldest first; never waits for changes."""
        return self._call("vidstore_watch_next", max)

    def close(self) -> None:
        """Frees it now. A wait in another thread ends at once, with CANCELLED."""
        pointer, self._pointer = self._pointer, None
        if pointer is None:
            return
        lib.call("vidstore_watch_interrupt", pointer)
        if self._using.acquire(blocking=False):
            self._using.release()
            super().close()

    def fileno(self) -> int:
        return self.fd  # type: ignore[attr-defined, no-any-return]

    def events(self, most: int = 1000) -> Iterator[Dict[str, Any]]:
        """What has changed since the last call, without waiting."""
        while True:
            found = self.next(most)
            yield from found["events"]
            if not found["more"]:
                return


class _ReaderHandle(Handle):
    ctype = "vidstore_reader"


class Group:
    """The calls of a session that have a noun in common."""

    def __init__(self, session: Session) -> None:
        self._session = session

    @property
    def pointer(self) -> int:
        return self._session.pointer


_calls: Dict[str, Call] = {}
groups: Dict[str, Type[Group]] = {}
wrappers.update({"vidstore": Store, "vidstore_session": Session, "vidstore_lease": Lease, "vidstore_upload": Upload,
                 "vidstore_reader": Reader, "vidstore_watch": Watch})  # type: ignore[dict-item]


def _grouped(call: Call, verb: str) -> Any:
    """A method of a group acts on the group's session."""

    def invoke(self: Group, *args: Any, **kwargs: Any) -> Any:
        return call(self._session, *args, **kwargs)

    plain = method(call)
    invoke.__name__, invoke.__doc__ = verb, plain.__doc__
    invoke.__signature__ = plain.__signature__  # type: ignore[attr-defined]
    return invoke


def _attach_to_session(call: Call) -> None:
    """vidstore_job_submit(session, …) becomes Session.job.submit, vidstore_stats(session, …) Session.stats."""
    short = call.name[len("vidstore_") :]
    noun, _, verb = short.partition("_")
    if noun == "session" or not verb:
        setattr(Session, verb or noun, method(call))
        return
    if noun not in groups:
        groups[noun] = type(noun.capitalize() + "Calls", (Group,), {"__doc__": f"The calls of a session on {noun}s."})
        setattr(Session, noun, property(groups[noun], doc=groups[noun].__doc__))
    setattr(groups[noun], verb, _grouped(call, verb))


def _attach(name: str, owner: str) -> None:
    """Makes a function a method of the class of its first parameter, unless that has one of its own."""
    cls = wrappers[owner]
    made = [p["type"] for p in lib.descriptions[name]["params"] if p["name"].startswith("ret_")]
    # What makes a session is called by its verb alone: Store.system(…); what makes a record keeps its name.
    sessions = bool(made) and owner == "vidstore" and made[0].rstrip("* ") in wrappers
    noun = made[0].rstrip("* ")[len("vidstore_") :] if sessions else owner[len("vidstore_") :]
    verb = name[len("vidstore_") :]
    verb = verb[len(noun) + 1 :] if noun and verb.startswith(noun + "_") else verb
    buffers = any(p["type"] == "void *" for p in lib.descriptions[name]["params"])
    if name == lib.handles[owner]["free"] or buffers or name.endswith("_start"):
        return  # close() does it; or the class has it by hand; or an awaitable does it by name
    _calls[name] = Call(name, bound=True)
    if owner == "vidstore_session":
        _attach_to_session(_calls[name])
    elif verb not in vars(cls):
        setattr(cls, verb, method(_calls[name]))


def _attach_to_record(name: str, owner: str) -> None:
    """What a record tells besides its fields, such as Job.status."""
    verb = name[len(owner) + 1 :]
    call = Call(name, bound=True)
    if call.getter and verb not in (*records[owner]._fields, "ref"):
        setattr(records[owner], verb, method(call))


def _free_functions() -> Dict[str, Any]:
    """Functions that act on no object: open, restore, version…"""
    found = {}
    for name in lib.functions:
        params = lib.descriptions[name]["params"]
        first = params[0]["type"].replace("const ", "").rstrip("* ") if params else ""
        if first in wrappers:
            _attach(name, first)
        elif first in records:
            _attach_to_record(name, first)
        elif not name.endswith("_new") and first not in lib.handles:
            found[name[len("vidstore_") :]] = Call(name, bound=False)
    return found


functions = _free_functions()
_aio.attach(_calls)


def function(name: str) -> Any:
    """A free function under its own name."""
    call = functions[name]

    def invoke(*args: Any, **kwargs: Any) -> Any:
        return call(None, *args, **kwargs)

    invoke.__name__ = name
    invoke.__doc__ = call.description["summary"]
    invoke.__signature__ = call.signature  # type: ignore[attr-defined]
    return invoke


__all__ = ["Watch", "Lease", "Reader", "Session", "Store", "Upload", "function", "functions", "records"]
