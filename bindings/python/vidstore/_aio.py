# SPDX-License-Identifier: MIT
"""Calls that can be awaited: session.aio.job.submit(…) is session.job.submit(…) in the background.

Each event loop has one queue a store, whose descriptor the loop watches; no thread of Python's is used.
"""
from __future__ import annotations

import asyncio
import ctypes
import json
import weakref
from typing import Any, AsyncIterator, Dict, List, Optional, Tuple, Type

from . import _errors
from ._call import Call, text_result, wrappers
from ._library import address, lib, take_text
from ._values import Handle, Page, Query, records, to_json


class Queue(Handle):
    """Where results of calls in the background wait. `fd` is readable exactly while there are some."""

    ctype = "vidstore_queue"

    def __init__(self, store: Handle, limit: int = 0) -> None:
        place, error = ctypes.c_void_p(), ctypes.c_void_p()
        _errors.check(lib.call("vidstore_queue_new", store.pointer, limit, place, error), error)
        super().__init__(place.value, store)

    @property
    def fd(self) -> int:
        return int(lib.call("vidstore_queue_fd", self.pointer))

    fileno = fd.fget  # what select and selectors ask for

    @property
    def count(self) -> int:
        """Operations that have not begun, run, or whose result waits."""
        return int(lib.call("vidstore_queue_count", self.pointer))

    def start(self, session: Handle, name: str, args: Any = None, tag: int = 0) -> int:
        """Starts a call by its name; returns the number of the operation."""
        text = None if args is None else address(to_json(args, "args"), "args")
        op, error = ctypes.c_int64(), ctypes.c_void_p()
        _errors.check(lib.call("vidstore_call_start", session.pointer, self.pointer, tag, address(name, "name"), text,
                               op, error), error)
        return op.value

    def login(self, name: str, password: str, tag: int = 0) -> int:
        """Starts a login, the result of which is a session."""
        op, error = ctypes.c_int64(), ctypes.c_void_p()
        _errors.check(lib.call("vidstore_session_login_start", self.pointer, tag, address(name, "name"),
                               address(password, "password"), None, op, error), error)
        return op.value

    def next(self) -> Optional["Result"]:
        """The next result; None when none waits."""
        place, error = ctypes.c_void_p(), ctypes.c_void_p()
        _errors.check(lib.call("vidstore_queue_next", self.pointer, place, error), error)
        return Result(place.value, self) if place.value else None

    def wait(self, wait_ms: int) -> Optional["Result"]:
        """The next result; None when none came in time."""
        place, error = ctypes.c_void_p(), ctypes.c_void_p()
        _errors.check(lib.call("vidstore_queue_wait", self.pointer, wait_ms, place, error), error)
        return Result(place.value, self) if place.value else None

    def cancel(self, op: int) -> None:
        """Cancels an operation; its result comes all the same."""
        error = ctypes.c_void_p()
        _errors.check(lib.call("vidstore_queue_cancel", self.pointer, op, error), error)


class Result(Handle):
    """What became of an operation."""

    ctype = "vidstore_result"

    @property
    def op(self) -> int:
        return int(lib.call("vidstore_result_op", self.pointer))

    @property
    def tag(self) -> int:
        return int(lib.call("vidstore_result_tag", self.pointer))

    def check(self) -> None:
        """Raises what went wrong, if something did."""
        status = lib.call("vidstore_result_status", self.pointer)
        if status:
            raise _errors.from_pointer(lib.call("vidstore_result_error", self.pointer), status)

    def json(self) -> Any:
        """What the call gave."""
        self.check()
        text, error = ctypes.c_void_p(), ctypes.c_void_p()
        _errors.check(lib.call("vidstore_result_json", self.pointer, text, error), error)
        return json.loads(take_text(text.value))

    def take(self, ctype: str) -> Optional[int]:
        """The object that the call gave, as an address that belongs to the caller."""
        self.check()
        pointer: Optional[int] = lib.call("vidstore_result_take", self.pointer, address(ctype, "ctype"))
        return pointer


class AsyncPage(Page):
    """A page of records. `async for` goes on with the pages that follow."""

    async def following(self) -> Optional["AsyncPage"]:
        """The page after this one; None when there is none."""
        cursor = self.cursor
        if cursor is None or self._list_again is None:
            return None
        return await self._list_again((self._query or Query()).at(cursor))  # type: ignore[misc]

    async def __aiter__(self) -> AsyncIterator[Any]:
        page: Optional[AsyncPage] = self
        while page is not None:
            for record in page.records:
                yield record
            page = await page.following()


class Background:
    """The queue of one store in one event loop, and who waits for what of it."""

    def __init__(self, store: Handle, loop: asyncio.AbstractEventLoop) -> None:
        self.queue = Queue(store)
        self.loop = loop
        self.waiting: Dict[int, Tuple["asyncio.Future[Result]", int]] = {}
        self.tag = 0
        loop.add_reader(self.queue.fd, self.collect)

    def collect(self) -> None:
        while True:
            result = None if self.queue.closed else self.queue.next()
            if result is None:
                return
            future, _ = self.waiting.pop(result.tag, (None, 0))
            if future is None or future.done():
                result.close()
            else:
                future.set_result(result)

    def close(self) -> None:
        """Everything that is waited for is cancelled."""
        if not self.queue.closed:
            if not self.loop.is_closed():
                self.loop.remove_reader(self.queue.fd)
            self.queue.close()
        for future, _ in self.waiting.values():
            if not future.done() and not self.loop.is_closed():
                future.cancel()
        self.waiting.clear()

    async def run(self, start: Any) -> Result:
        """Starts something, as soon as the queue has room, and waits for its result."""
        self.tag += 1
        tag = self.tag
        while True:
            try:
                op = start(self.queue, tag)
                break
            except _errors.classes[lib.enums["status"]["VIDSTORE_BUSY"]] as busy:
                await asyncio.sleep(busy.retry_after_ms / 1000)
        future: "asyncio.Future[Result]" = self.loop.create_future()
        self.waiting[tag] = (future, op)
        try:
            return await future
        except asyncio.CancelledError:
            if self.waiting.pop(tag, None) and not self.queue.closed:
                try:
                    self.queue.cancel(op)
                except _errors.VidstoreError:
                    pass  # it has just ended
            raise


_backgrounds: "weakref.WeakKeyDictionary[Handle, Dict[int, Background]]" = weakref.WeakKeyDictionary()


def store_of(handle: Any) -> Handle:
    while handle.ctype != "vidstore":
        handle = handle._keep
    return handle  # type: ignore[no-any-return]


def background(handle: Handle) -> Background:
    loop, store = asyncio.get_running_loop(), store_of(handle)
    made = _backgrounds.setdefault(store, {})
    for key in [k for k, b in made.items() if b.loop.is_closed()]:
        made.pop(key).close()  # such as that of an asyncio.run() before
    if id(loop) not in made:
        made[id(loop)] = Background(store, loop)
    return made[id(loop)]


def close_of(store: Handle) -> None:
    """With a store its queues end too, so that it is closed when the host says so."""
    for made in _backgrounds.pop(store, {}).values():
        made.close()


def convert(param: Dict[str, Any], result: Result, owner: Any) -> Any:
    ctype = param["type"].replace("const ", "").rstrip("* ")
    if ctype == "char":
        return text_result(param["name"], result.take("vidstore_text"))
    if ctype == "vidstore_text":
        return text_result(param["name"], result.take(ctype))
    if ctype in records:
        pointer = result.take(ctype)
        return records[ctype](pointer) if pointer else None
    pointer = result.take(ctype)
    return wrappers[ctype](pointer, owner) if pointer else None


class AsyncCall:
    """A call of the API as something to be awaited."""

    def __init__(self, call: Call) -> None:
        self.call = call
        self.name = call.description["call"]["name"]
        self.outs = [p for p in call.description["params"] if p["direction"] == "out" and p["name"] != "reterr"]

    def arguments(self, values: Dict[str, Any]) -> Dict[str, Any]:
        plain = {slot.name: slot.plain(values[slot.name]) for slot in self.call.slots}
        return {name: value for name, value in plain.items() if value is not None}

    async def __call__(self, owner: Any, *args: Any, **kwargs: Any) -> Any:
        values = self.call._gather(args, kwargs)
        arguments = self.arguments(values)
        result = await background(owner).run(lambda queue, tag: queue.start(owner, self.name, arguments, tag))
        with result:
            result.check()
            if self.call.pages:
                return self.page(result, owner, values)
            if any(p["type"] in ("int32_t *", "int64_t *") for p in self.outs) or not self.outs:
                return result.json()
            made = [convert(p, result, owner) for p in self.outs]
            return tuple(made) if self.call.buffers and len(made) > 1 else made[0]

    def page(self, result: Result, owner: Any, values: Dict[str, Any]) -> AsyncPage:
        pointer = result.take("vidstore_page")
        query = next((s for s in self.call.slots if s.is_query), None)
        if query is None:
            return AsyncPage(pointer, self.call.record, None, None)
        first = self.call.before_query(values)
        return AsyncPage(pointer, self.call.record, values[query.name],
                         lambda following: self(owner, *first, following))


class AsyncCalls:
    """The awaitable calls of a session, by noun."""

    def __init__(self, session: Handle) -> None:
        self._session = session


groups: Dict[str, Type[AsyncCalls]] = {}


def _method(call: AsyncCall, verb: str) -> Any:
    async def invoke(self: AsyncCalls, *args: Any, **kwargs: Any) -> Any:
        return await call(self._session, *args, **kwargs)

    invoke.__name__ = verb
    invoke.__doc__ = call.call.description["summary"]
    return invoke


def attach(calls: Dict[str, Call]) -> None:
    """Makes an awaitable of every call of a session that can be made by name in the background."""
    for call in calls.values():
        by_name = call.description.get("call")
        if not by_name or by_name["here_only"] or call.description["params"][0]["type"] != "vidstore_session *":
            continue
        noun, _, verb = by_name["name"].partition(".")
        if not verb:
            setattr(AsyncCalls, noun, _method(AsyncCall(call), noun))
            continue
        if noun not in groups:
            groups[noun] = type("Async" + noun.capitalize() + "Calls", (AsyncCalls,), {})
            setattr(AsyncCalls, noun, property(lambda self, cls=groups[noun]: cls(self._session)))
        setattr(groups[noun], verb, _method(AsyncCall(call), verb))


async def login(store: Handle, name: str, password: str) -> Any:
    """A session for the user who knows a name and its password; the hashing is done in the background."""
    result = await background(store).run(lambda queue, tag: queue.login(name, password, tag))
    with result:
        return wrappers["vidstore_session"](result.take("vidstore_session"), store)


__all__: List[str] = ["AsyncCalls", "AsyncPage", "Queue", "Result"]
