# SPDX-License-Identifier: MIT
"""Values, errors and stores, through the binding."""
import datetime
import os
import threading
import time
import uuid

import vidstore
from vidstore import _errors
from binding_case import Case, PASSWORD


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
