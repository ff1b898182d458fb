# SPDX-License-Identifier: MIT
"""The Python binding against the real library: every function of the C API is called, and does what it says.

The last case fails when the API has a function that no other case reached, so that a new call needs a line here.
"""
import array
import asyncio
import datetime
import http.server
import io
import json
import os
import select
import shutil
import tempfile
import threading
import time
import unittest
import uuid
import wave

import counted
import vidstore
from vidstore import _errors, _library

called = set()
untraced_call = vidstore.lib.call


def traced_call(name, *args):
    called.add(name)
    return untraced_call(name, *args)


vidstore.lib.call = traced_call
PASSWORD = "correct horse battery"


def tone(path):
    """A second of sound that a probe understands."""
    with wave.open(path, "wb") as sound:
        sound.setnchannels(2)
        sound.setsampwidth(2)
        sound.setframerate(8000)
        sound.writeframes(array.array("h", [n % 997 for n in range(16000)]).tobytes())
    return path


class Case(unittest.TestCase):
    """A store of its own a case, and a session of the system."""

    def setUp(self):
        self.directory = tempfile.mkdtemp(prefix="vidstore-python-")
        self.addCleanup(shutil.rmtree, self.directory, True)
        self.location = os.path.join(self.directory, "store")
        self.store = vidstore.open(self.location)
        self.addCleanup(self.store.close)
        self.system = self.store.system("test")
        self.addCleanup(self.system.close)

    def path(self, name, data=None):
        path = os.path.join(self.directory, name)
        if data is not None:
            with open(path, "wb") as file:
                file.write(data)
        return path

    def user(self, name, **fields):
        return self.system.user.create(username=name, **fields)

    def file(self, name="a.bin", data=b"abc", session=None, **fields):
        with (session or self.system).upload.open(name=name, **fields) as upload:
            upload.write(data)
            return upload.finish()

    def fails(self, code, function, *args, **kwargs):
        """Calls what has to fail with a code, and returns the exception."""
        with self.assertRaises(vidstore.VidstoreError) as caught:
            function(*args, **kwargs)
        self.assertEqual(code, caught.exception.code)
        return caught.exception


class Marshalling(Case):
    def test_nul_in_text_is_refused(self):
        for attempt in (
            lambda: self.system.job.submit(kind="a\0b"),
            lambda: self.system.job.submit({"kind": "a\0b"}),
            lambda: self.system.job.submit({"kind": "x", "metadata": {"deep": ["a\0b"]}}),
            lambda: self.system.job.submit(kind="x", metadata={"a\0b": 1}),
            lambda: self.system.job.list("season = \0"),
            lambda: self.system.job.list("season = $1", "a\0b"),
            lambda: self.system.user.get_by_name("a\0b"),
            lambda: self.system.file.put_path("/tmp/a\0b"),
            lambda: vidstore.open("/tmp/a\0b"),
        ):
            self.assertRaises(ValueError, attempt)

    def test_text_that_utf8_can_not_hold_is_refused(self):
        self.assertRaises(ValueError, lambda: self.system.job.submit(kind="\ud800"))

    def test_numbers_that_do_not_fit_are_refused(self):
        self.assertRaises(ValueError, lambda: self.system.job.submit(kind="x", priority=2**63))
        self.assertRaises(ValueError, lambda: self.system.maintain(100, flags=2**32))
        self.assertRaises(ValueError, lambda: self.system.maintain(100, flags=-1))
        self.assertRaises(TypeError, lambda: self.system.job.submit(kind="x", priority=1.5))

    def test_unknown_names_are_refused(self):
        self.assertRaises(TypeError, lambda: self.system.job.submit(colour="red"))
        error = self.fails("INVALID", self.system.job.submit, {"kind": "x", "colour": "red"})
        self.assertEqual(("unknown_field", False), (error.subcode, error.retryable))
        self.assertRaises(ValueError, lambda: self.system.job.remove(str(uuid.uuid4()), "sideways"))

    def test_text_of_every_kind_comes_back(self):
        season = "Staffel „Über“ 🎬 'quoted' \"double\" % _ \\"
        job = self.system.job.submit(kind="x", season=season, metadata={"æ": [1, None, True, "ß"]})
        again = self.system.job.get(job.id)
        self.assertEqual(season, again.season)
        self.assertEqual({"æ": [1, None, True, "ß"]}, again.metadata)

    def test_closed_handles_say_so(self):
        session = self.store.system("short")
        session.close()
        session.close()
        self.assertTrue(session.closed)
        self.assertRaises(ValueError, session.stats)

    def test_handles_may_be_closed_in_any_order(self):
        store = vidstore.open(self.path("other"))
        session = store.system("late")
        store.close()
        job = session.job.submit(kind="x")
        page = session.job.list()
        session.close()
        self.assertEqual(job.id, page.records[0].id)

    def test_time_goes_in_and_comes_out(self):
        when = datetime.datetime(2031, 5, 6, 7, 8, 9, 123456, datetime.timezone.utc)
        job = self.system.job.submit(kind="x", run_at=when)
        self.assertEqual(when, job.run_at)
        self.assertEqual("scheduled", job.state)
        self.assertEqual(when, vidstore.time_of(job.number("run_at")))
        self.assertRaises(ValueError, lambda: self.system.job.submit(kind="x", run_at=when.replace(tzinfo=None)))

    def test_signatures_come_from_the_description(self):
        import inspect
        names = list(inspect.signature(self.system.job.claim).parameters)
        self.assertEqual(["kinds", "wait_ms"], names[-2:])
        self.assertIn("ready job", self.system.job.claim.__doc__)


class Errors(Case):
    def test_every_status_is_a_class(self):
        for name, number in vidstore.lib.enums["status"].items():
            if number < 0:
                self.assertTrue(issubclass(_errors.classes[number], vidstore.VidstoreError))
                self.assertEqual(name, "VIDSTORE_" + vidstore.status_name(number))
        self.assertEqual("UNKNOWN", vidstore.status_name(-9999))

    def test_what_an_error_tells(self):
        with self.assertRaises(vidstore.NotFoundError) as caught:
            self.system.job.get(str(uuid.uuid4()))
        self.assertEqual(vidstore.NOT_FOUND, caught.exception.status)
        self.assertFalse(caught.exception.retryable)
        self.assertEqual(0, caught.exception.retry_after_ms)
        self.assertNotEqual("", str(caught.exception))
        error = self.fails("INVALID", self.system.user.create, username="x" * 500)
        self.assertEqual("username", error.field)
        self.assertIsNone(error.cause)
        self.user("ada")
        self.assertEqual("username", self.fails("EXISTS", self.user, "Ada").field)
        self.assertIsInstance(self.fails("INVALID", self.system.job.get, "no uuid"), vidstore.InvalidError)


class Stores(Case):
    def test_version_and_features(self):
        self.assertEqual(vidstore.lib.api["version"], vidstore.version())
        major, minor, micro = map(int, vidstore.version().split("."))
        self.assertEqual(major * 1000000 + minor * 1000 + micro, vidstore.version_number())
        self.assertEqual(1, vidstore.feature_supported("sqlite"))
        self.assertEqual(0, vidstore.feature_supported(9999))

    def test_options(self):
        self.assertEqual(os.path.realpath(self.location), os.path.realpath(self.store.location))
        self.system.close()
        self.store.close()
        with vidstore.open(self.location, read_only=True, deadline_ms=1000, durability="relaxed") as store:
            with store.system("reader") as session:
                self.fails("READONLY", session.job.submit, kind="x")
        self.fails("NOT_FOUND", vidstore.open, self.path("nowhere"), create=False)
        self.fails("INVALID", vidstore.open, self.path("bad"), deadline_ms=-5)
        self.assertRaises(TypeError, lambda: vidstore.open(self.path("bad"), colour="red"))

    def test_the_instance_stays_the_same(self):
        first = self.store.instance_id
        self.store.close()
        with vidstore.open(self.location) as store:
            self.assertEqual(first, store.instance_id)

    def test_sessions(self):
        user = self.user("ada", password=PASSWORD)
        with self.store.on_behalf(user.id, ip="192.0.2.1", user_agent="test") as session:
            self.assertEqual((user.id, "user"), (session.user_id, session.role))
        with self.store.login("ADA", PASSWORD, request_id="r1", device="d1") as session:
            self.assertEqual(user.id, session.user_id)
        with self.store.anonymous() as session:
            self.assertEqual((None, None), (session.user_id, session.role))
            self.fails("FORBIDDEN", session.job.submit, kind="x")
        self.assertEqual("admin", self.system.role)
        self.fails("UNAUTHENTICATED", self.store.login, "ada", "wrong password!")
        self.fails("INVALID", self.store.on_behalf, user.id, ip="x" * 100)

    def test_deadline_and_interrupt(self):
        self.system.set_deadline(5000)
        self.system.set_deadline()
        self.fails("INVALID", self.system.set_deadline, 0)
        self.system.set_deadline(datetime.timedelta(seconds=60))
        timer = threading.Timer(0.3, self.system.interrupt)
        timer.start()
        start = time.monotonic()
        self.fails("CANCELLED", self.system.job.claim, "never", 20000)
        self.assertLess(time.monotonic() - start, 10)
        timer.join()

    def test_a_child_process_is_told_that_it_forked(self):
        child = os.fork()
        if child == 0:
            try:
                self.system.job.submit(kind="x")
            except vidstore.ForkedError:
                os._exit(0)
            except BaseException:
                os._exit(1)
            os._exit(2)
        self.assertEqual(0, os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
        self.assertEqual(0, self.system.job.count())

    def test_snapshots(self):
        with self.system.reading():
            self.assertEqual(0, self.system.video.count())
            self.fails("STATE", self.system.video.create, title="not now")
        self.system.video.create(title="now")
        self.assertEqual(1, self.system.video.count())

    def test_changes_are_filtered(self):
        with self.system.watch.open({"noun": "video"}) as watch:
            kept = watch.position
            made = [self.system.video.create(title=title) for title in ("one", "two")]
            self.system.job.submit(kind="download_only")
            self.assertTrue(watch.wait(5000))
            later = self.system.changes({"kind": ["created"]}, kept, 2)
            self.assertEqual([event["id"] for event in later["events"]], [video.id for video in made])
            self.assertTrue(later["more"])
        self.fails("INVALID", self.system.watch.open, {"noun": "nothing"})

    def test_a_hosts_own_tables(self):
        app = self.system.app
        self.assertTrue(app.migrate("0001", "CREATE TABLE app_notes (video BLOB, body TEXT)"))
        self.assertFalse(app.migrate("0001", "CREATE TABLE app_notes (video BLOB, body TEXT)"))
        with self.system.transaction():
            video = self.system.video.create(title="one")
            insert = "INSERT INTO app_notes VALUES (?, ?)"
            self.assertEqual(app.exec(insert, [{"uuid": video.id}, "good"]), 1)
        joined = "SELECT v.title, n.body FROM app_notes n JOIN v_videos v ON v.key = n.video"
        self.assertEqual(app.query(joined, [], 10)["rows"], [["one", "good"]])
        self.fails("FORBIDDEN", app.query, "SELECT * FROM users", [], 10)

    def test_transactions(self):
        with self.system.transaction():
            kept = self.system.video.create(title="kept")
            with self.assertRaises(KeyError), self.system.transaction():
                undone = self.system.video.create(title="undone")
                raise KeyError
        self.assertTrue(self.system.video.exists(kept.id))
        self.assertFalse(self.system.video.exists(undone.id))
        self.system.begin()
        lost = self.system.video.create(title="lost")
        self.fails("STATE", self.system.job.claim)
        self.system.rollback()
        self.assertFalse(self.system.video.exists(lost.id))
        self.system.begin()
        self.system.video.update(kept.id, title="new")
        self.system.commit()
        self.assertEqual("new", self.system.video.get(kept.id).title)
        self.fails("STATE", self.system.commit)
        self.system.app.migrate("0001", "CREATE TABLE app_once (a INTEGER PRIMARY KEY)")
        with self.assertRaises(vidstore.VidstoreError), self.system.transaction():
            with self.assertRaises(vidstore.VidstoreError), self.system.transaction():
                self.system.app.exec("INSERT INTO app_once VALUES (1)")
                self.fails("EXISTS", self.system.app.exec, "INSERT OR ROLLBACK INTO app_once VALUES (1)")
            self.fails("ABORTED", self.system.app.exec, "INSERT INTO app_once VALUES (2)")
        self.assertEqual([], self.system.app.query("SELECT a FROM app_once", [], 10)["rows"])
        self.system.video.create(title="the session is good again")

    def test_settings(self):
        names = {setting["name"] for setting in self.system.setting.list()}
        self.assertIn("fetch.allow_private", names)
        default = self.system.setting.get("retention.completed_days")
        self.system.setting.set("retention.completed_days", "7")
        self.assertEqual("7", self.system.setting.get("retention.completed_days"))
        self.system.setting.set("retention.completed_days", None)
        self.assertEqual(default, self.system.setting.get("retention.completed_days"))
        self.fails("NOT_FOUND", self.system.setting.get, "no.such.setting")


class Nouns(Case):
    """What users, jobs, videos and files have in common."""

    def make(self, noun, **fields):
        unique = uuid.uuid4().hex[:12]
        if noun == "file":
            return self.file(name=unique + ".bin", data=unique.encode(), **fields)
        if noun == "user":
            return self.system.user.create(username="u" + unique, **fields)
        if noun == "key":
            return self.system.key.create(name=unique, user_id=self.system.user.create(username="u" + unique).id)[0]
        if noun == "login":
            user = self.system.user.create(username="u" + unique)
            self.system.user.link_identity(user.id, "test", unique)
            return self.store.login_external("test", unique)[0]
        if noun == "grant":
            video, user = self.system.video.create(title=unique), self.system.user.create(username="u" + unique)
            return self.system.grant.create(noun="video", object_id=video.id, subject_id=user.id)
        if noun == "link":
            return self.system.link.create(file_id=self.file(name=unique, access="restricted").id)[0]
        if noun == "job":
            return self.system.job.submit(kind="x", **fields)
        if noun == "collection":
            return self.system.collection.create(name=unique, **fields)
        return self.system.video.create(title=unique, **fields)

    def test_the_common_calls(self):
        for noun in ("user", "job", "video", "collection", "file"):
            with self.subTest(noun):
                self.common(noun, getattr(self.system, noun))

    def common(self, noun, calls):
        record = self.make(noun, external_id="ext-" + noun, metadata={"a": 1})
        self.assertEqual(record, calls.get(record.id))
        self.assertEqual(record.id, calls.get_external(record.user_id, "ext-" + noun).id)
        self.assertTrue(calls.exists(record.id))
        changed = calls.update(record.id, {"metadata": {"b": 2}}, external_id=None, expect_version=record.version)
        self.assertEqual(({"b": 2}, None), (changed.metadata, changed.external_id))
        self.assertGreater(changed.version, record.version)
        self.fails("CONFLICT", calls.update, record.id, metadata={}, expect_version=record.version)
        self.fails("CONFLICT", calls.update, record.id, {"metadata": {}, "expect_version": record.version})
        self.assertEqual(record.id, calls.list("id = $1", record.id).records[0].id)
        self.assertEqual(1, calls.count("id = $1", uuid.UUID(record.id)))
        self.fails("STATE", calls.purge, record.id)
        calls.remove(record.id)
        self.assertFalse(calls.exists(record.id))
        self.assertEqual(1, calls.count("id = $1", record.id, flags="deleted"))
        if noun != "user":
            self.assertEqual(record.id, calls.restore(record.id).id)
            calls.remove(record.id, "cascade")
        calls.purge(record.id)
        self.assertEqual(0, calls.count("id = $1", record.id, flags=["deleted", "exact_count"]))

    def test_numbers_are_set(self):
        until = datetime.datetime(2040, 1, 1, tzinfo=datetime.timezone.utc)
        numbers = {"user": ("email_verified", True), "job": ("compression_level", 23), "video": ("episode", 7),
                   "file": ("expires", until)}
        for noun, (field, value) in numbers.items():
            with self.subTest(noun):
                changed = getattr(self.system, noun).update(self.make(noun).id, **{field: value})
                self.assertEqual(value, getattr(changed, field))

    def test_getters_agree_with_the_fields(self):
        for noun in ("user", "key", "login", "grant", "link", "job", "video", "collection", "file"):
            record, ctype = self.make(noun), f"vidstore_{noun}"
            names = list(vidstore.lib.starting(ctype + "_"))
            for name in names:
                description = vidstore.lib.descriptions[name]
                field = name[len(ctype) + 1 :]
                field = field if field in record._fields else field[: -len("_us")]
                if len(description["params"]) != 1 or field not in record._fields:
                    continue
                with self.subTest(name):
                    value = vidstore.lib.call(name, record.pointer)
                    if description["returns"]["type"] == "const char *":
                        self.assertEqual(getattr(record, field), _library.string(value))
                    else:
                        number = record.number(field)
                        self.assertEqual(_library.INT64_NULL if number is None else number, value)

    def test_records(self):
        job = self.system.job.submit(kind="x", use_gpu=True, tags=["a", "b"])
        self.assertIs(True, job.use_gpu)
        self.assertEqual(["a", "b"], job.tags)
        self.assertIsNone(job.season)
        self.assertEqual(("normal", vidstore.PRIORITY_NORMAL), (job.priority, job.number("priority")))
        self.assertIsInstance(job.created, datetime.datetime)
        self.assertEqual("pending", job.status)
        self.assertIn("season", dir(job))
        self.assertEqual(set(job.to_dict()) - set(job._fields), set())
        self.assertRaises(AttributeError, lambda: job.colour)
        self.assertIn(job.id, repr(job))
        self.assertEqual(1, len({job, self.system.job.get(job.id)}))

    def test_bulk(self):
        rows = {"user": [{"username": f"bulk{n}"} for n in range(3)], "video": [{"title": f"v{n}"} for n in range(3)],
                "collection": [{"name": f"c{n}"} for n in range(3)],
                "job": [{"kind": "x", "season": f"s{n}"} for n in range(3)]}
        fresh = {"user": {"username": "fresh"}, "video": {"title": "fresh"}, "collection": {"name": "fresh"},
                 "job": {"kind": "fresh"}}
        for noun, params in rows.items():
            with self.subTest(noun):
                calls = getattr(self.system, noun)
                made = calls.bulk_create(params).records
                self.assertEqual(3, len(made))
                ids = [record.id for record in made]
                again = calls.bulk_update(ids, [{"metadata": {"n": n}} for n in range(3)]).records
                self.assertEqual([{"n": 0}, {"n": 1}, {"n": 2}], [record.metadata for record in again])
                self.assertRaises(ValueError, calls.bulk_update, ids, [{}])
                self.fails("INVALID", calls.bulk_create, [fresh[noun], {"metadata": 5}])

    def test_bulk_each(self):
        page = self.system.user.bulk_create([{"username": "one"}, {"username": ""}, {"username": "two"}], "each")
        self.assertEqual([True, False, True], [record is not None for record in page.records])
        self.assertEqual([vidstore.OK, vidstore.INVALID, vidstore.OK], [page.status(n) for n in range(3)])
        self.assertIsNone(page.error(0))
        self.assertEqual("INVALID", page.error(1).code)


class Queries(Case):
    def test_iterating_goes_over_the_pages(self):
        made = [job.id for job in self.system.job.bulk_create([{"kind": "x"} for _ in range(25)]).records]
        page = self.system.job.list(limit=10)
        self.assertEqual(10, page.count)
        self.assertEqual(sorted(made), sorted(job.id for job in page))
        self.assertEqual(10, len(page.records))
        self.assertEqual(page.next().records[0].id, self.system.job.list(limit=10, cursor=page.cursor).records[0].id)
        self.assertIsNone(page.next().next().next())
        self.assertEqual(10, len(page.to_dict()["items"]))
        self.assertRaises(IndexError, lambda: page[10])

    def test_filters(self):
        self.system.job.submit(kind="x", season="100% \"Harbour\"", priority="urgent")
        self.system.job.submit(kind="y", season="1000 Mountains", compression_level=7)
        count = self.system.job.count
        self.assertEqual(1, count("state = ready and season ~ $1", "100%"))
        self.assertEqual(1, count("state = ready and compression_level = $1", 7))
        self.assertEqual(1, count(vidstore.Query("priority = urgent", flags="scan")))
        self.assertEqual(2, count())
        error = self.fails("INVALID", self.system.job.list, "state = = ready")
        self.assertEqual("syntax", error.subcode)
        self.fails("INVALID", self.system.job.list, "colour = red")
        self.assertRaises(TypeError, count, vidstore.Query("state = ready"), flags="scan")

    def test_order(self):
        for name in ("mike", "alpha", "zulu"):
            self.user(name)
        names = [user.username for user in self.system.user.list(sort="username asc")]
        self.assertEqual(["alpha", "mike", "zulu"], names)


class Users(Case):
    def test_passwords_and_states(self):
        user = self.user("ada", email="ada@example.org", password=PASSWORD)
        self.assertNotIn("password", user.to_dict())
        self.assertEqual(user.id, self.system.user.get_by_name("ADA@example.org").id)
        self.assertEqual(user.id, self.system.user.verify_password("ada", PASSWORD).id)
        self.fails("UNAUTHENTICATED", self.system.user.verify_password, "ada", "something else")
        self.system.user.set_password(user.id, "another password")
        self.assertEqual(user.id, self.system.user.verify_password("ada", "another password").id)
        self.assertEqual("suspended", self.system.user.set_state(user.id, "suspended").state)
        self.fails("UNAUTHENTICATED", self.system.user.verify_password, "ada", "another password")
        self.assertEqual("active", self.system.user.set_state(user.id, vidstore.USER_ACTIVE).state)

    def test_identities_and_numbers(self):
        user = self.user("ada")
        self.system.user.link_identity(user.id, "https://login.example.org", "4711")
        found = self.system.user.get_by_identity("https://login.example.org", "4711")
        self.assertEqual(user.id, found.id)
        self.assertIsInstance(self.system.user.stats(user.id), dict)
        self.system.user.unlink_identity(user.id, "https://login.example.org", "4711")
        self.fails("NOT_FOUND", self.system.user.get_by_identity, "https://login.example.org", "4711")


class Jobs(Case):
    def test_a_worker(self):
        job = self.system.job.submit(kind="x")
        self.assertIsNone(self.system.job.claim("y"))
        with self.system.job.claim("x", 1000) as lease:
            self.assertEqual((job.id, 0), (lease.job.id, lease.signals))
            lease.progress("downloading", 5, 10)
            self.assertIsNone(lease.checkpoint_get())
            lease.checkpoint(b"at \0 five")
            self.assertEqual(b"at \0 five", lease.checkpoint_get())
            attached = self.system.lease.attach(lease.token)
            self.assertEqual(job.id, attached.job.id)
            attached.close()
            self.assertEqual("running", lease.session.job.get(job.id).state)
            lease.finish({"frames": 3})
        done = self.system.job.wait(job.id, 1000)
        self.assertEqual(("completed", {"frames": 3}), (done.state, done.result))
        self.assertEqual(1, len(self.system.job.history(job.id)))

    def test_leaving_a_lease_by_an_exception_fails_the_job(self):
        job = self.system.job.submit(kind="x", max_attempts=1)
        with self.assertRaises(ZeroDivisionError), self.system.job.claim("x"):
            1 / 0
        failed = self.system.job.get(job.id)
        self.assertEqual("failed", failed.state)
        self.assertIn("ZeroDivisionError", failed.error)
        self.assertIn(self.system.job.retry(job.id).state, ("ready", "scheduled"))

    def test_threads_share_a_store_and_no_job(self):
        made = {job.id for job in self.system.job.bulk_create([{"kind": "x"}] * 24).records}
        taken = []

        def work(number):
            with self.store.system(f"worker {number}") as session:
                while True:
                    lease = session.job.claim("x")
                    if lease is None:
                        return
                    with lease:
                        taken.append(lease.job.id)

        threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(sorted(made), sorted(taken))
        self.assertEqual(24, self.system.job.count("state = completed"))

    def test_cancel_and_release(self):
        job = self.system.job.submit(kind="x")
        with self.system.job.claim("x") as lease:
            self.system.job.cancel(job.id)
            for _ in range(100):
                if lease.signals & vidstore.SIGNAL_CANCEL:
                    break
                time.sleep(0.05)
            self.assertTrue(lease.signals & vidstore.SIGNAL_CANCEL)
            lease.release()
        self.assertEqual("cancelled", self.system.job.get(job.id).state)

    def test_a_failure_that_is_final(self):
        job = self.system.job.submit(kind="x")
        with self.system.job.claim("x") as lease:
            lease.fail("can't be done", retry=False)
        self.assertEqual("can't be done", self.system.job.get(job.id).error)


class Files(Case):
    def test_upload_and_read(self):
        data = os.urandom(300000)
        with self.system.upload.open(name="a.mkv") as upload:
            shutil.copyfileobj(io.BytesIO(data[:200000]), upload)
            upload.write(bytearray(data[200000:]))
            upload.write(memoryview(b""))
            self.assertEqual(300000, upload.size)
            self.assertRaises(TypeError, upload.write, "text")
            error = self.fails("INVALID", upload.seal, 300001)
            self.assertEqual("truncated", error.subcode)
            upload.seal(300000)
            file = self.system.upload.publish(upload)
        with self.system.file.open(file.id) as reader:
            self.assertEqual(300000, reader.size)
            self.assertEqual(data, reader.read())
            self.assertEqual(data[100:200], reader.pread(100, 100))
            self.assertEqual(b"", reader.pread(300000, 10))
            reader.seek(-5, io.SEEK_END)
            self.assertEqual(data[-5:], io.BufferedReader(reader).read())
        with self.system.file.open(file.id) as reader:
            self.assertEqual(data[:10], os.pread(reader.fd, 10, 0) if reader.fd >= 0 else data[:10])
        self.assertRaises(ValueError, reader.pread, 0, 1)
        self.system.file.save(file.id, self.path("copy"))
        with open(self.path("copy"), "rb") as copy, open(self.system.file.path(file.id), "rb") as original:
            self.assertEqual((data, data), (copy.read(), original.read()))
        self.assertIsNotNone(self.system.file.verify(file.id).verified)

    def test_an_upload_is_resumed_or_given_up(self):
        upload = self.system.upload.open(name="a.bin")
        upload.write(b"first ")
        name = upload.id
        upload.close()
        with self.system.upload.resume(name) as upload:
            self.assertEqual(6, upload.size)
            upload.write(b"second")
            self.assertEqual(12, upload.finish().size)
        with self.system.upload.open(name="b.bin") as upload:
            fd = os.open(__file__, os.O_PATH)
            self.addCleanup(os.close, fd)
            size = os.path.getsize(__file__)
            self.assertEqual(size - 10, upload.copy(fd, 10))
            self.assertEqual(0, upload.copy(fd, size))
            self.assertEqual(size, upload.size)
            given_up = upload.id
            upload.abort()
        self.fails("NOT_FOUND", self.system.upload.resume, given_up)

    def test_files_of_the_host(self):
        path = self.path("host.txt", b"hello")
        first = self.system.file.put_path(path)
        self.assertEqual(("host.txt", 5), (first.name, first.size))
        with open(path, "rb") as source:
            second = self.system.file.put_fd(source, name="other.txt", access="public")
        read, write = os.pipe()
        os.write(write, b"hello")
        os.close(write)
        third = self.system.file.put_fd(read, 5, name="piped.txt")
        os.close(read)
        self.assertEqual({first.sha256}, {second.sha256, third.sha256})
        groups = self.system.file.duplicates(limit=10)
        self.assertEqual(({first.id, second.id, third.id}, 3), (set(groups[0]["ids"]), groups[0]["count"]))
        self.assertEqual([], self.system.video.duplicates(limit=10))
        with self.store.anonymous() as anybody:
            self.assertEqual([second.id], [file.id for file in anybody.file.list()])

    def test_bulk(self):
        ids = [self.file(name=f"{n}.bin").id for n in range(2)]
        page = self.system.file.bulk_update(ids, [{"metadata": {"n": n}} for n in range(2)])
        self.assertEqual([{"n": 0}, {"n": 1}], [file.metadata for file in page])

    def test_put_refuses_what_is_no_file(self):
        self.fails("INVALID", self.system.file.put_path, self.directory)
        self.fails("NOT_FOUND", self.system.file.put_path, self.path("nothing"))


class Videos(Case):
    def test_probe(self):
        path = tone(self.path("tone.wav"))
        video = self.system.video.create(title="tone")
        self.fails("NOT_FOUND", self.system.video.probe, video.id)
        self.system.file.put_path(path, video_id=video.id)
        probed = self.system.video.probe(video.id)
        self.assertEqual(("ok", "audio", 2, 8000), (probed.probe_status, probed.media_kind, probed.audio_channels,
                                                    probed.sample_rate))
        self.assertIn("streams", self.system.video.facts(video.id))
        other = self.system.video.create(title="by descriptor")
        with open(path, "rb") as file:
            again = self.system.video.probe_fd(other.id, file.fileno())
            looked = self.system.media.probe_fd(file.fileno(), 0)
        self.assertEqual((probed.duration, 1000000), (again.duration, probed.duration))
        self.assertEqual(probed.duration, self.system.video.probe_path(other.id, path).duration)
        self.assertEqual("ok", looked["container"]["status"])
        self.assertEqual(looked["streams"], self.system.media.probe_path(path, 0)["streams"])

    def test_probe_many(self):
        path, text = tone(self.path("tone.wav")), self.path("text", b"words, words, words")
        videos = [self.system.video.create(title=str(n)) for n in range(3)]
        for video, bytes_ in zip(videos, (path, text, path)):
            self.system.file.put_path(bytes_, video_id=video.id)
        page = self.system.video.probe_many([v.id for v in videos] + [str(uuid.uuid4())], 0)
        self.assertEqual([v.id if v else None for v in page], [videos[0].id, None, videos[2].id, None])
        self.assertEqual(["audio", "audio"], [v.media_kind for v in page if v])
        facts = [self.system.video.facts(v.id)["container"] for v in videos]
        self.assertEqual(["ok", "not_media", "ok"], [f["status"] for f in facts])
        self.assertEqual([None, None, True], [f.get("reused") for f in facts])
        looked = self.system.media.probe_many([path, "/nowhere/at/all", text], 0)
        self.assertEqual(["ok", None, "not_media"], [f.get("container", {}).get("status") for f in looked])
        self.assertEqual("NOT_FOUND", looked[1]["error"]["code"])

    def test_fetch(self):
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(200)
                self.send_header("Content-Length", "5")
                self.end_headers()
                self.wfile.write(b"hello")

            def log_message(self, *args):
                pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        url = f"http://127.0.0.1:{server.server_port}/hello.txt"
        video = self.system.video.create(url=url)
        self.fails("FORBIDDEN", self.system.video.fetch, video.id)
        self.system.setting.set("fetch.allow_private", "1")
        file = self.system.video.fetch(video.id)
        self.assertEqual((5, video.id), (file.size, file.video_id))
        self.assertEqual(file.id, self.system.video.get(video.id).source_file_id)


class Keys(Case):
    def test_keys(self):
        ann = self.system.user.create(username="ann")
        key, token = self.system.key.create(name="backup", user_id=ann.id, scopes="read,jobs:write")
        self.assertEqual("key", vidstore.token_kind(token))
        self.assertRegex(token, vidstore.token_pattern().strip("\\b"))
        self.assertIsNone(vidstore.token_kind(token[:-1]))
        with self.store.key(token) as session:
            self.assertEqual(ann.id, session.user_id)
            job = session.job.submit(kind="x")
            self.assertEqual(ann.id, job.user_id)
            self.fails("FORBIDDEN", session.video.create)
        self.assertEqual(key, self.system.key.get(key.id))
        self.assertTrue(self.system.key.exists(key.id))
        self.assertEqual(1, self.system.key.count("user_id = $1", ann.id))
        self.fails("CONFLICT", self.system.key.update, key.id, addresses=None, expect_version=99)
        self.assertEqual("nightly", self.system.key.update(key.id, {"name": "nightly"}, addresses=None).name)
        until = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=1)
        short, _ = self.system.key.create(name="short", user_id=ann.id, expires=until.replace(microsecond=0))
        self.assertEqual(until.replace(microsecond=0), short.expires)
        self.assertEqual("short", short.to_dict()["name"])
        self.system.key.revoke(short.id)
        new, other = self.system.key.rotate(key.id, 0)
        self.assertEqual(["nightly", "short", "nightly"], [k.name for k in self.system.key.list().records])
        self.fails("UNAUTHENTICATED", self.store.key, token)
        self.store.key(other).close()
        self.system.key.revoke(new.id)
        self.fails("UNAUTHENTICATED", self.store.key, other)


class Logins(Case):
    def test_logins(self):
        ann = self.system.user.create(username="ann", password=PASSWORD)
        login, token = self.store.login_create("ann", PASSWORD, flags="passed")
        self.assertEqual(("login", ann.id), (vidstore.token_kind(token), login.user_id))
        with self.store.resume(token) as session:
            self.assertEqual((ann.id, login.id), (session.user_id, session.login_id))
            self.assertEqual(login.id, session.login.get(login.id).id)
            self.assertTrue(session.login.exists(login.id))
            self.assertEqual(1, session.login.count())
            self.assertEqual("device", vidstore.token_kind(session.login.trust()))
            fresh = session.login.confirm(PASSWORD)
            self.fails("UNAUTHENTICATED", self.store.resume, token)
            other, _ = self.store.login_create("ann", PASSWORD, None, 0)
            self.assertEqual(1, session.login.revoke_others())
            self.assertIsNotNone(session.login.get(other.id).revoked)
            session.login.end()
            self.fails("UNAUTHENTICATED", session.login.list)
        self.fails("UNAUTHENTICATED", self.store.resume, fresh)
        self.system.user.import_hash(ann.id, "$2a$05$XXXXXXXXXXXXXXXXXXXXXOAcXxm9kjPGEMsLznoKqmqw7tc8WCx4a")
        self.store.login_create("ann", "U*U*U", None, 0)
        self.system.user.link_identity(ann.id, "oidc", "4711")
        login, token = self.store.login_external("oidc", "4711")
        self.assertEqual("oidc", login.to_dict()["method"])
        self.system.login.revoke(login.id)
        self.store.login_external("oidc", "4711")
        self.assertEqual(2, self.system.login.revoke_all(ann.id))
        self.assertEqual(0, self.system.login.revoke_all())
        self.assertEqual(5, len(self.system.login.list("user_id = $1", ann.id).records))
        self.assertEqual("UNAUTHENTICATED", self.fails("UNAUTHENTICATED", self.store.login_create, "ann", "x").code)


class Links(Case):
    def test_a_link(self):
        ann = self.user("ann")
        with self.store.on_behalf(ann.id) as owner:
            file = self.file(session=owner)
            self.fails("STATE", owner.link.create, file_id=file.id)
            owner.file.update(file.id, access="restricted")
            link, token = owner.link.create({"file_id": file.id, "name": "for bob", "max_uses": 2}, expect_version=1)
            self.assertEqual("for bob", link.to_dict()["name"])
            self.assertEqual("link", vidstore.token_kind(token))
            self.assertEqual((file.id, ann.id, 0, None), (link.file_id, link.user_id, link.uses, link.revoked))
            with self.store.link(token) as session:
                self.assertEqual(file.id, session.file_id)
                self.assertEqual(file.name, session.file.get(file.id).name)
                self.fails("FORBIDDEN", session.file.list)
                self.assertEqual(1, owner.link.get(link.id).uses)
                owner.link.revoke(link.id)
                self.fails("UNAUTHENTICATED", session.file.get, file.id)
            self.fails("UNAUTHENTICATED", self.store.link, token)
            self.assertTrue(owner.link.exists(link.id))
            self.assertEqual(1, owner.link.count())
            self.assertEqual([link.id], [it.id for it in owner.link.list("file_id = $1", file.id)])
            self.assertIsNone(owner.file_id)
            until = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0) + datetime.timedelta(days=2)
            self.assertEqual(until, owner.link.create(file_id=file.id, name=None, expires=until)[0].expires)


class Quotas(Case):
    def test_a_limit(self):
        ann = self.user("ann")
        with self.store.on_behalf(ann.id) as session:
            self.assertEqual({"used": 0, "limit": None, "left": None, "own": False}, session.quota.get()["bytes"])
            self.system.quota.set(ann.id, "jobs_per_day", 1)
            session.job.submit(kind="work")
            error = self.fails("QUOTA", session.job.submit, kind="work")
            self.assertEqual("jobs_per_day", error.field)
            self.assertEqual({"used": 1, "limit": 1, "left": 0, "own": True},
                             self.system.quota.get(ann.id)["jobs_per_day"])
            self.assertEqual([1], [day["jobs"] for day in session.quota.usage(None, 2)])
            self.fails("FORBIDDEN", session.quota.set, ann.id, "jobs_per_day", 2)
            self.system.quota.set(ann.id, "jobs_per_day", None)
            session.job.submit(kind="work")


class Once(Case):
    def test_the_first_admin(self):
        self.assertEqual("admin", self.system.user.bootstrap(username="root").role)
        self.fails("STATE", self.system.user.bootstrap, username="another")

    def test_tokens_of_use_once(self):
        ann = self.system.user.create(username="ann", email="ann@example.org", state="pending")
        email, token = self.store.once_create(self.system, "invitation", ann.id)
        self.assertEqual(("ann@example.org", "once"), (email, vidstore.token_kind(token)))
        user = self.store.once_use("invitation", token, PASSWORD)
        self.assertEqual(("active", True), (user.state, user.email_verified))
        self.fails("UNAUTHENTICATED", self.store.once_use, "invitation", token, PASSWORD)
        self.assertEqual("", self.store.once_request_reset("nobody", 0)[0])
        email, token = self.store.once_request_reset("ann", 0)
        self.assertEqual("ann@example.org", email)
        self.store.once_use("reset", token, PASSWORD + "!")
        self.store.login_create("ann", PASSWORD + "!", None, 0)


class Collections(Case):
    def setUp(self):
        super().setUp()
        self.list = self.system.collection.create(name="To watch", description="soon")
        self.videos = [self.system.video.create(title=title) for title in "abc"]

    def titles(self, **query):
        return "".join(video.title for video in self.system.collection.videos(self.list.id, **query))

    def test_videos_in_their_order(self):
        first, second, third = (video.id for video in self.videos)
        self.assertTrue(self.system.collection.video_add(self.list.id, first, None))
        self.assertFalse(self.system.collection.video_add(self.list.id, first, None))
        self.assertTrue(self.system.collection.video_add(self.list.id, second, first))
        self.assertTrue(self.system.collection.video_add(self.list.id, third, None))
        self.assertEqual("bac", self.titles())
        self.assertEqual("bac", self.titles(limit=1))  # page after page
        self.system.collection.video_move(self.list.id, second, None)
        self.assertEqual("acb", self.titles())
        self.assertEqual(3, self.system.video.count("collection = $1", self.list.id))
        self.assertEqual([self.list.id], [it.id for it in self.system.video.collections(first)])
        self.system.collection.video_drop(self.list.id, third)
        self.assertEqual("ab", self.titles())
        self.fails("NOT_FOUND", self.system.collection.video_drop, self.list.id, third)

    def test_names(self):
        self.fails("EXISTS", self.system.collection.create, name="To watch")
        changed = self.system.collection.update(self.list.id, {"name": "Seen"}, description=None)
        self.assertEqual(("Seen", None), (changed.name, changed.description))
        self.assertEqual(1, self.system.collection.count("name = $1", "Seen"))
        self.fails("INVALID", self.system.collection.create, name="Old", created=0)


class Grants(Case):
    UNTIL = datetime.datetime(2040, 1, 1, tzinfo=datetime.timezone.utc)

    def setUp(self):
        super().setUp()
        self.ann, self.bob = self.user("ann"), self.user("bob")
        self.video = self.system.video.create(title="shared", user_id=self.ann.id)
        self.owner, self.reader = self.store.on_behalf(self.ann.id), self.store.on_behalf(self.bob.id)
        self.addCleanup(self.owner.close)
        self.addCleanup(self.reader.close)
        self.of = {"noun": "video", "object_id": self.video.id}

    def test_what_a_grant_gives(self):
        self.fails("NOT_FOUND", self.reader.video.get, self.video.id)
        self.assertEqual([], self.reader.video.list().records)
        grant = self.owner.grant.create(self.of, subject_id=self.bob.id)
        self.assertEqual("shared", self.reader.video.get(self.video.id).title)
        self.assertEqual([self.video.id], [video.id for video in self.reader.video.list()])
        self.fails("FORBIDDEN", self.reader.video.update, self.video.id, title="mine")
        self.fails("FORBIDDEN", self.reader.grant.create, self.of, subject_id=self.user("eve").id)
        self.owner.grant.revoke(grant.id)
        self.fails("NOT_FOUND", self.reader.video.get, self.video.id)
        self.fails("NOT_FOUND", self.owner.grant.revoke, grant.id)
        self.owner.grant.create(self.of, subject_id=self.bob.id, reach="write")
        self.assertEqual("theirs", self.reader.video.update(self.video.id, title="theirs").title)

    def test_a_denial(self):
        self.system.grant.create(self.of, subject_id=self.ann.id, reach="write", denies=True)
        self.assertEqual("shared", self.owner.video.get(self.video.id).title)
        self.fails("FORBIDDEN", self.owner.video.update, self.video.id, title="new")

    def test_records(self):
        grant = self.owner.grant.create(self.of, subject_id=self.bob.id, expires=self.UNTIL, reason=None)
        self.assertEqual(("video", self.video.id, self.bob.id), (grant.noun, grant.object_id, grant.subject_id))
        self.assertEqual((self.ann.id, self.ann.id, 1), (grant.user_id, grant.granted_by, grant.version))
        self.assertEqual(("read", vidstore.REACH_READ), (grant.reach, grant.number("reach")))
        self.assertEqual((self.UNTIL, None, None), (grant.expires, grant.parent_id, grant.reason))
        self.assertEqual((False, False), (grant.denies, grant.can_share))
        self.assertEqual(grant.id, grant.to_dict()["id"])
        for session in (self.system, self.owner, self.reader):
            self.assertEqual(grant, session.grant.get(grant.id))
            self.assertTrue(session.grant.exists(grant.id))
            self.assertEqual([grant], session.grant.list("object_id = $1", self.video.id, flags="scan").records)
            self.assertEqual(1, session.grant.count())
        with self.store.on_behalf(self.user("eve").id) as other:
            self.assertFalse(other.grant.exists(grant.id))
            self.fails("NOT_FOUND", other.grant.get, grant.id)
            self.assertEqual((0, []), (other.grant.count(), other.grant.list().records))
        self.owner.grant.revoke(grant.id)
        self.assertFalse(self.system.grant.exists(grant.id))
        self.assertEqual(0, self.system.grant.count())

    def test_what_is_refused(self):
        create = self.owner.grant.create
        self.assertEqual("subject_id", self.fails("INVALID", create, self.of).field)
        self.assertEqual("reach", self.fails("INVALID", create, self.of, subject_id=self.bob.id, reach="all").field)
        self.fails("NOT_FOUND", create, noun="video", object_id=uuid.uuid4(), subject_id=self.bob.id)
        self.assertEqual(1, create(self.of, subject_id=self.bob.id, expect_version=7).version)  # only updates ask
        self.fails("EXISTS", create, self.of, subject_id=self.bob.id, reach="write")
        private = self.file(session=self.owner)
        self.fails("STATE", create, noun="file", object_id=private.id, subject_id=self.bob.id)
        self.assertEqual(1, self.owner.grant.count())


class Audit(Case):
    def test_events(self):
        job = self.system.job.submit(kind="x")
        events = self.system.audit.list("object_id = $1", job.id).records
        self.assertEqual(["job_created"], [event.action for event in events])
        event = self.system.audit.get(events[0].id)
        self.assertEqual(("job", job.id, True), (event.noun, event.object_id, event.success))
        self.assertEqual(event, events[0])
        self.assertEqual(event.id, event.to_dict()["id"])
        self.system.audit.record("importer", None, "a note", {"n": 1})
        count = self.system.audit.count(flags="exact_count")
        self.assertGreaterEqual(count, 2)
        self.assertGreaterEqual(self.system.audit.stats()["total"], 2)
        with open(self.path("audit.jsonl"), "w+") as lines:
            self.assertEqual(count, self.system.audit.export(None, lines))
            lines.seek(0)
            written = [json.loads(line) for line in lines]
        self.assertEqual(("header", "trailer"), (written[0]["type"], written[-1]["type"]))
        events = [line for line in written if line["type"] == "event"]
        self.assertEqual(count, len(events))
        self.assertEqual(job.id, next(e for e in events if e["event"] == "job_created")["object_id"])

    def test_integrity(self):
        self.system.job.submit(kind="x")
        anchor = self.system.audit.checkpoint()
        self.assertTrue(anchor.startswith("vidstore-audit-checkpoint/1\n"))
        self.assertEqual(anchor, self.system.audit.checkpoint_get(1))
        report = self.system.audit.verify(anchor)
        self.assertEqual(("ok", True), (report["verdict"], report["anchored"]))
        self.fails("INVALID", self.system.audit.verify, "no anchor")
        self.assertEqual(0, self.system.audit.prune(datetime.datetime.now(datetime.timezone.utc)))

    def test_quotas_of_all(self):
        users = sorted(self.system.user.create(username=name).id for name in ("ann", "bob", "cid"))
        first = self.system.quota.list(None, 2)
        self.assertEqual(users[:2], [it["user_id"] for it in first])
        self.assertEqual(users[2:], [it["user_id"] for it in self.system.quota.list(users[1], 2)])
        self.assertIsNone(first[0]["bytes"]["limit"])
        self.fails("INVALID", self.system.quota.list, None, 0)

    def test_canaries(self):
        job = self.system.job.submit(kind="x")
        self.system.audit.canary_set(job.id, True)
        self.fails("EXISTS", self.system.audit.canary_set, job.id, True)
        self.assertEqual([(job.id, "job")], [(it["id"], it["noun"]) for it in self.system.audit.canary_list()])
        self.system.audit.canary_set(job.id, False)
        self.fails("NOT_FOUND", self.system.audit.canary_set, job.id, False)
        self.assertEqual([], self.system.audit.canary_list())


class Upkeep(Case):
    def test_upkeep(self):
        self.file()
        self.assertIsInstance(self.system.maintain(1000, ["dry_run", "all"]), dict)
        self.assertIsInstance(self.system.maintain(datetime.timedelta(seconds=2)), dict)
        self.assertIn("jobs", self.system.stats())
        self.assertIn(self.system.doctor()["verdict"], ("ok", "warning"))
        self.assertIn(self.system.doctor(1)["verdict"], ("ok", "warning"))
        self.system.backup(self.path("backup"))
        vidstore.restore(self.path("backup"), self.path("restored"))
        with vidstore.open(self.path("restored")) as store, store.system("check") as session:
            self.assertEqual(1, session.file.count())
        self.fails("EXISTS", self.system.backup, self.path("backup"))


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


class ZZZ(unittest.TestCase):
    def test_every_function_of_the_api_was_called(self):
        import gc
        gc.collect()
        self.assertEqual([], sorted(set(vidstore.lib.descriptions) - called))


if __name__ == "__main__":
    counted.main()
