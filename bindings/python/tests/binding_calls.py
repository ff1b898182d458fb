# SPDX-License-Identifier: MIT
"""Calls by name and in the background, and the feed, through the binding."""
import asyncio
import json
import os
import select
import threading
import time
import uuid

import vidstore
from binding_case import Case, PASSWORD


class ByName(Case):
    def test_every_function_is_callable_or_says_why_not(self):
        for name, function in vidstore.lib.descriptions.items():
            short = name[len("vidstore_"):].replace("_", ".", 1)
            with self.subTest(name):
                if "call" in function:
                    self.assertNotIn("not_by_name", function)
                    error = self.fails("INVALID", self.system.call, function["call"]["name"], {"no_such_argument": 1})
                    self.assertEqual("no_such_argument", error.field)
                else:
                    self.assertGreater(len(function["not_by_name"]), 10)
                    self.assertEqual("name", self.fails("NOT_FOUND", self.system.call, short).field)

    def test_searching(self):
        video = self.system.video.create(title="The harbour at night")
        self.system.video.create(title="Another one")
        self.assertEqual([video.id], [v.id for v in self.system.video.list(search="harbour")])
        self.assertEqual(1, self.system.call("video.count", {"search": "harbour"}))

        async def work():
            return [v.id async for v in await self.system.aio.video.list(search="harbour", limit=1)]

        self.assertEqual([video.id], asyncio.run(work()))

    def test_facets_and_series(self):
        ids = [self.system.video.create(title="T", series="Harbour", season="1", episode=n).id for n in (1, 3)]
        self.system.video.create(title="another")
        facets = self.system.video.facets()
        self.assertEqual((3, False), (facets["counted"], facets["capped"]))
        self.assertEqual([{"value": None, "count": 3}], facets["facets"]["codec"])
        self.assertEqual(2, self.system.video.facets("series = $1", "Harbour", flags="scan")["counted"])
        season = self.system.video.series("Harbour", "1")["seasons"][0]
        self.assertEqual((ids, [2]), ([video["id"] for video in season["episodes"]], season["missing"]))
        self.fails("NOT_FOUND", self.system.video.series, "Harbour", "2")

    def test_a_snapshot(self):
        self.system.snapshot.begin(1000)
        self.assertEqual(0, self.system.job.count())
        self.system.snapshot.end()

    def test_verify_all(self):
        self.file()
        self.assertEqual(0, self.system.file.verify_all(int(time.time() * 1000000), 10000)["damaged"])

    def test_batch(self):
        job = {"name": "job.submit", "args": {"kind": "x"}}
        self.assertEqual(["OK", "OK"], [item["status"] for item in self.system.batch([job, job])])
        bad = {"name": "job.submit", "args": {"kind": ""}}
        self.assertEqual("items[1].kind", self.fails("INVALID", self.system.batch, [job, bad]).field)
        outcome = self.system.batch([job, bad], flags="each")
        self.assertEqual(["OK", "INVALID"], [item["status"] for item in outcome])
        self.assertEqual(3, self.system.call("job.count"))


class Conformance(Case):
    """The calls that every binding makes, with what every binding expects."""

    STEPS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "conformance", "calls.json")

    def fill(self, value, saved):
        if isinstance(value, str) and value.startswith("$"):
            return saved[value[1:]]
        return {key: self.fill(item, saved) for key, item in value.items()} if isinstance(value, dict) else value

    def check(self, step, result, saved):
        if "value" in step:
            self.assertEqual(step["value"], result)
        for field, wanted in self.fill(step.get("expect", {}), saved).items():
            self.assertEqual(wanted, result[field], field)
        if "items" in step:
            self.assertEqual(step["items"], len(result["items"]))
        saved.update({name: result[field] for name, field in step.get("save", {}).items()})

    def test_conformance(self):
        with open(self.STEPS, encoding="utf-8") as file:
            steps = json.load(file)
        saved = {}
        for step in steps:
            with self.subTest(step["note"]):
                arguments = self.fill(step["args"], saved)
                if "error" not in step:
                    self.check(step, self.system.call(step["call"], arguments), saved)
                    continue
                error = self.fails(step["error"]["code"], self.system.call, step["call"], arguments)
                for key, wanted in step["error"].items():
                    self.assertEqual(wanted, getattr(error, key))
        self.assertGreater(len(steps), 20)


class Background(Case):
    def test_a_queue_by_hand(self):
        with self.store.queue(10) as queue:
            self.assertIsNone(queue.next())
            self.assertIsNone(queue.wait(1))
            op = queue.start(self.system, "job.submit", {"kind": "x"}, tag=5)
            self.assertTrue(select.select([queue], [], [], 10)[0])
            with queue.next() as result:
                self.assertEqual((op, 5, "x"), (result.op, result.tag, result.json()["kind"]))
            self.assertEqual(0, queue.count)
            self.fails("NOT_FOUND", queue.cancel, op)
            queue.start(self.system, "job.get", {"id": str(uuid.uuid4())})
            with queue.wait(10000) as result:
                self.fails("NOT_FOUND", result.json)

    def test_typed_starts(self):
        import ctypes
        video = self.system.video.create(title="T")
        path = self.path("a.bin", b"abc")
        file = self.file()
        ids = ctypes.cast((ctypes.c_char_p * 1)(video.id.encode()), ctypes.POINTER(ctypes.c_void_p))
        starts = {
            "user_verify_password": (b"nobody", PASSWORD.encode()),
            "file_put_path": (path.encode(), None),
            "file_put_fd": (0, -2**63, None),
            "file_save": (file.id.encode(), self.path("out").encode()),
            "file_verify": (file.id.encode(),),
            "video_probe": (video.id.encode(),),
            "video_probe_many": (ids, 1, 0),
            "video_fetch": (video.id.encode(),),
            "backup": (self.path("backup").encode(), 0),
            "job_claim": (None, 0),
            "job_wait": (str(uuid.uuid4()).encode(), 0),
        }
        with self.store.queue() as queue, open(path, "rb") as data:
            starts["file_put_fd"] = (data.fileno(), -2**63, None)
            for name, arguments in starts.items():
                op = ctypes.c_int64()
                vidstore.lib.call(f"vidstore_{name}_start", self.system.pointer, queue.pointer, 1, *arguments, op,
                                  ctypes.c_void_p())
                with queue.wait(20000) as result:
                    self.assertEqual(op.value, result.op)

    def test_awaitables(self):
        async def work():
            calls = self.system.aio
            jobs = await asyncio.gather(*(calls.job.submit(kind="x", season=f"S{n}") for n in range(50)))
            self.assertEqual({f"S{n}" for n in range(50)}, {job.season for job in jobs})
            found = [job.id async for job in await calls.job.list("season ~ $1", "s", limit=7, flags="scan")]
            self.assertEqual({job.id for job in jobs}, set(found))
            self.assertEqual(50, await calls.job.count())
            self.assertTrue(await calls.job.exists(jobs[0].id))
            with self.assertRaises(vidstore.NotFoundError):
                await calls.job.get(uuid.uuid4())
            with self.assertRaises(vidstore.InvalidError) as caught:
                await calls.job.submit(kind="")
            self.assertEqual("kind", caught.exception.field)
            page = await calls.job.bulk_create([{"kind": "a"}, {"kind": "b"}])
            self.assertEqual(["a", "b"], [job.kind for job in page.records])
            changed = await calls.job.update(jobs[0].id, season=None, expect_version=jobs[0].version)
            self.assertIsNone(changed.season)
            self.assertEqual("3", await calls.setting.get("fetch.tries"))
            await calls.job.remove(jobs[1].id, "cascade")
            file = await calls.file.put_path(self.path("b.bin", b"abc"), name="c.bin")
            self.assertEqual("c.bin", (await calls.file.verify(file.id)).name)
            with await calls.job.claim("a") as lease:
                self.assertEqual("a", lease.job.kind)
            self.assertIn("jobs", await calls.stats())
            key, token = await calls.key.create(name="k", user_id=(await calls.user.create(username="bea")).id)
            self.assertEqual("k", key.name)
            self.store.key(token).close()

        self.system.setting.set("fetch.tries", "3")
        asyncio.run(work())
        asyncio.run(work_again(self.system))

    def test_cancelling(self):
        async def work():
            waiting = asyncio.create_task(self.system.aio.job.claim("nothing", wait_ms=60000))
            await asyncio.sleep(0.1)
            waiting.cancel()
            with self.assertRaises(asyncio.CancelledError):
                await waiting
            with self.assertRaises(asyncio.TimeoutError):
                await asyncio.wait_for(self.system.aio.job.claim("nothing", wait_ms=60000), 0.1)

        began = time.monotonic()
        asyncio.run(work())
        self.assertLess(time.monotonic() - began, 20)

    def test_logging_in(self):
        async def work():
            with await self.store.login_async("ann", PASSWORD) as session:
                self.assertEqual("ann", (await session.aio.user.get(session.user_id)).username)
            with self.assertRaises(vidstore.UnauthenticatedError):
                await self.store.login_async("ann", "wrong horse battery")

        self.user("ann", password=PASSWORD)
        asyncio.run(work())

    def test_closing_ends_what_is_awaited(self):
        async def work():
            waiting = asyncio.create_task(self.system.aio.job.claim("nothing", wait_ms=60000))
            await asyncio.sleep(0.1)
            self.store.close()
            with self.assertRaises(asyncio.CancelledError):
                await waiting

        asyncio.run(work())


async def work_again(session):
    """Another loop has a queue of its own."""
    await session.aio.job.count()


class Watching(Case):
    def test_changes_are_seen(self):
        with self.system.watch.open(None, None) as watch:
            job = self.system.job.submit(kind="x")
            self.assertTrue(watch.wait(10000))
            self.assertTrue(select.select([watch], [], [], 10)[0])
            self.assertIn(job.id, [event["id"] for event in watch.events()])
            position = watch.position
        self.assertEqual([], self.system.changes(None, position, 10)["events"])

    def waits(self, watch, ends):
        """A thread that waits for a minute, which `ends` stops: what it raised."""
        raised = []

        def wait():
            try:
                watch.wait(60000)
            except (vidstore.VidstoreError, ValueError) as error:
                raised.append(error)

        thread = threading.Thread(target=wait)
        thread.start()
        time.sleep(0.1)
        ends()
        thread.join(10)
        self.assertFalse(thread.is_alive())
        return raised[0]

    def test_a_wait_is_ended_from_another_thread(self):
        watch = self.system.watch.open(None, None)
        self.assertEqual("CANCELLED", self.waits(watch, watch.interrupt).code)
        job = self.system.job.submit(kind="x")
        self.assertTrue(watch.wait(10000))
        self.assertEqual([job.id], [event["id"] for event in watch.events()])
        self.assertEqual("CANCELLED", self.waits(watch, watch.close).code)
        self.assertTrue(watch.closed)
        self.assertRaises(ValueError, watch.wait, 1)
        watch.close()
