# SPDX-License-Identifier: MIT
"""Every operation of the old Python layer, done with this library.

README.md has a table with a line an operation and the calls that replace it. Each line has one case here, which does
what the operation did and must have made every call that its line names; a line without a case fails, and so does a
case without a line. The functions stay those of C: the binding is only a way to call them.
"""
import contextlib
import datetime
import hashlib
import os
import re
import shutil
import sqlite3
import tempfile
import time
import unittest
import uuid

import counted
import vidstore

README = os.path.join(os.path.dirname(__file__), "..", "..", "README.md")
ROW = re.compile(r"^\| `(?P<old>\w+\.\w+)` \| (?P<ours>.+?) \|$", re.MULTILINE)
PASSWORD = "correct horse battery"
HOUR = datetime.timedelta(hours=1)

with open(README, encoding="utf-8") as _file:
    rows = {m.group("old"): ["vidstore_" + name for name in re.findall(r"`(\w+)\(\)`", m.group("ours"))]
            for m in ROW.finditer(_file.read())}
called = set()
_call = vidstore.lib.call


def traced_call(name, *args):
    called.add(name)
    return _call(name, *args)


vidstore.lib.call = traced_call


def now():
    return datetime.datetime.now(datetime.timezone.utc)


class Pattern(unittest.TestCase):
    """A store of its own a case; `s` is a session of the system."""

    def setUp(self):
        self.directory = tempfile.mkdtemp(prefix="vidstore-patterns-")
        self.addCleanup(shutil.rmtree, self.directory, True)
        self.open()
        called.clear()

    def user(self, name="ada", **fields):
        return self.s.user.create(username=name, **fields)

    def job(self, **fields):
        return self.s.job.submit(**{"kind": "work", **fields})

    def video(self, **fields):
        return self.s.video.create(**fields)

    def file(self, name="a.bin", data=b"abc", **fields):
        with self.s.upload.open(name=name, **fields) as upload:
            upload.write(data)
            return upload.finish()

    def only(self, record, page):
        """A list that must hold this record and no other."""
        self.assertEqual([record.id], [found.id for found in page])

    def age(self, table, column, days):
        """Lets days pass for what a table holds, as seen by the time in a column."""
        self.s.close()
        self.store.close()
        with contextlib.closing(sqlite3.connect(os.path.join(self.directory, "store", "store.db"))) as database:
            database.execute(f"UPDATE {table} SET {column} = {column} - {days * 86400 * 1000000}")
            database.commit()
        self.open()

    def open(self):
        self.store = vidstore.open(os.path.join(self.directory, "store"), durability="relaxed")
        self.addCleanup(self.store.close)
        self.s = self.store.system("patterns")
        self.addCleanup(self.s.close)

    def denied(self, code, function, *args, **kwargs):
        with self.assertRaises(vidstore.VidstoreError) as caught:
            function(*args, **kwargs)
        self.assertEqual(code, caught.exception.code)


cases = {}


def pattern(name):
    """Makes a function the case of a line of the table."""

    def add(function):
        def run(self):
            function(self)
            missing = [call for call in rows[name] if call not in called]
            self.assertEqual([], missing, "the line names calls that its case does not make")

        if name in cases:
            raise ValueError(f"two cases for {name}")
        run.__doc__ = name
        cases[name] = run
        setattr(Pattern, "test_" + name.replace(".", "__"), run)
        return function

    return add


class Table(unittest.TestCase):
    def test_every_line_has_a_case_and_every_case_a_line(self):
        self.assertEqual(sorted(rows), sorted(cases))
        self.assertGreaterEqual(len(rows), 9 + 21 + 13 + 17 + 24 + 10)

    def test_every_line_names_calls_that_exist(self):
        for old, ours in rows.items():
            with self.subTest(old):
                self.assertNotEqual([], ours)
                self.assertEqual([], [name for name in ours if name not in vidstore.lib.descriptions])


# --- base ---


@pattern("base.create")
def _(t):
    made = [t.user(), t.job(), t.video(title="v"), t.file()]
    t.assertEqual(4, len({record.id for record in made}))
    again = t.s.user.create(id=made[0].id, username="ada")  # the same once more is the same record
    t.assertEqual(made[0].id, again.id)


@pattern("base.get")
def _(t):
    for record, calls in ((t.user(), t.s.user), (t.job(), t.s.job), (t.video(), t.s.video), (t.file(), t.s.file)):
        t.assertEqual(record, calls.get(record.id))
    t.denied("NOT_FOUND", t.s.job.get, uuid.uuid4())


@pattern("base.get_multi")
def _(t):
    t.s.user.bulk_create([{"username": f"u{n:02}", "role": "viewer" if n % 2 else "user"} for n in range(20)])
    page = t.s.user.list("role in (viewer, admin)", sort="username desc", limit=4)
    t.assertEqual([f"u{n:02}" for n in range(19, 0, -2)], [user.username for user in page])


@pattern("base.update")
def _(t):
    user = t.user(full_name="Ada", email="ada@example.org")
    t.s.user.update(user.id, full_name=None)  # None writes NULL; what is not named is left alone
    again = t.s.user.get(user.id)
    t.assertEqual((None, "ada@example.org"), (again.full_name, again.email))


@pattern("base.delete")
def _(t):
    job = t.job()
    t.s.job.remove(job.id)
    t.assertEqual(0, t.s.job.count())
    t.s.job.restore(job.id)
    t.s.job.remove(job.id)
    t.s.job.purge(job.id)
    t.denied("NOT_FOUND", t.s.job.restore, job.id)


@pattern("base.exists")
def _(t):
    t.assertTrue(t.s.job.exists(t.job().id))
    t.assertFalse(t.s.job.exists(uuid.uuid4()))


@pattern("base.count")
def _(t):
    t.job()
    t.job(run_at=now() + HOUR)
    t.assertEqual((2, 1), (t.s.job.count(), t.s.job.count("state = ready")))


@pattern("base.bulk_create")
def _(t):
    t.s.job.bulk_create([{"kind": "work"}] * 5)
    t.denied("INVALID", t.s.job.bulk_create, [{"kind": "work"}, {"kind": ""}])
    t.assertEqual(5, t.s.job.count())


@pattern("base.bulk_update")
def _(t):
    ids = [t.job().id, t.job().id]
    t.s.job.bulk_update(ids, [{"season": "one"}, {"season": "two"}])
    t.assertEqual(["one", "two"], [t.s.job.get(name).season for name in ids])


# --- users ---


@pattern("users.create_user")
def _(t):
    user = t.user(email="ada@example.org", password=PASSWORD, full_name="Ada", role="viewer")
    t.assertEqual(("ada", "viewer", "active"), (user.username, user.role, user.state))
    t.denied("EXISTS", t.user, "ADA")


@pattern("users.get_by_username")
def _(t):
    t.assertEqual(t.user().id, t.s.user.get_by_name("Ada").id)


@pattern("users.get_by_email")
def _(t):
    t.assertEqual(t.user(email="ada@example.org").id, t.s.user.get_by_name("ADA@example.org").id)


@pattern("users.get_by_username_or_email")
def _(t):
    user = t.user(email="ada@example.org")
    t.assertEqual({user.id}, {t.s.user.get_by_name("ada").id, t.s.user.get_by_name("ada@example.org").id})


def key_of(secret):
    return hashlib.sha256(secret.encode()).hexdigest()


@pattern("users.get_by_api_key")
def _(t):
    user, old = t.user(), t.user("bob")
    _, token = t.s.key.create(name="ci", user_id=user.id)
    with t.store.key(token) as session:
        t.assertEqual(user.id, session.user_id)
    t.s.user.link_identity(old.id, "api-key", key_of("secret"))
    t.assertEqual(old.id, t.s.user.get_by_identity("api-key", key_of("secret")).id)


@pattern("users.generate_api_key")
def _(t):
    user = t.user()
    tokens = {t.s.key.create(name=name, user_id=user.id)[1] for name in ("one", "another")}
    t.assertEqual(2, len(tokens))
    for token in tokens:
        t.store.key(token).close()
    t.s.user.link_identity(user.id, "api-key", key_of("secret"))
    t.denied("EXISTS", t.s.user.link_identity, t.user("bob").id, "api-key", key_of("secret"))


@pattern("users.revoke_api_key")
def _(t):
    user = t.user()
    key, token = t.s.key.create(name="ci", user_id=user.id)
    t.s.key.revoke(key.id)
    t.denied("UNAUTHENTICATED", t.store.key, token)
    t.s.user.link_identity(user.id, "api-key", key_of("secret"))
    t.s.user.unlink_identity(user.id, "api-key", key_of("secret"))
    t.denied("NOT_FOUND", t.s.user.get_by_identity, "api-key", key_of("secret"))


@pattern("users.authenticate")
def _(t):
    user = t.user(email="ada@example.org", password=PASSWORD)
    with t.store.login("ada@example.org", PASSWORD, ip="192.0.2.7") as session:
        t.assertEqual(user.id, session.user_id)
    t.denied("UNAUTHENTICATED", t.store.login, "ada", "wrong password!")
    t.denied("UNAUTHENTICATED", t.store.login, "nobody", PASSWORD)


@pattern("users.update_password")
def _(t):
    user = t.user(password=PASSWORD)
    t.s.user.set_password(user.id, "a new password")
    t.denied("UNAUTHENTICATED", t.s.user.verify_password, "ada", PASSWORD)
    t.assertEqual(user.id, t.s.user.verify_password("ada", "a new password").id)


@pattern("users.update_last_login")
def _(t):
    user = t.user(password=PASSWORD)
    t.assertIsNone(user.last_login)
    t.s.user.verify_password("ada", PASSWORD)
    t.assertLess(now() - t.s.user.get(user.id).last_login, HOUR)


@pattern("users.activate_user")
def _(t):
    t.assertEqual("active", t.s.user.set_state(t.user(state="pending").id, "active").state)


@pattern("users.deactivate_user")
def _(t):
    user = t.user(password=PASSWORD)
    t.assertEqual("deactivated", t.s.user.set_state(user.id, "deactivated").state)
    t.denied("UNAUTHENTICATED", t.store.on_behalf, user.id)


@pattern("users.verify_user")
def _(t):
    t.assertIs(True, t.s.user.update(t.user(email="a@example.org").id, email_verified=True).email_verified)


@pattern("users.update_role")
def _(t):
    user = t.user()
    t.assertEqual("admin", t.s.user.update(user.id, role="admin").role)
    viewer = t.user("bob", role="viewer")
    with t.store.on_behalf(viewer.id) as session:
        t.denied("FORBIDDEN", session.user.update, viewer.id, role="admin")


@pattern("users.increment_job_count")
def _(t):
    user = t.user()
    with t.store.on_behalf(user.id) as session:
        session.job.submit(kind="work")
        session.job.submit(kind="work")
    t.assertEqual(2, t.s.user.get(user.id).job_count)


@pattern("users.add_processing_time")
def _(t):
    user = t.user()
    t.job(user_id=user.id)
    with t.s.job.claim("work") as lease:
        time.sleep(0.02)
        lease.finish()
    t.assertGreaterEqual(t.s.user.get(user.id).processing_ms, 20)


@pattern("users.get_active_users")
def _(t):
    user = t.user()
    t.user("bob", state="suspended")
    t.only(user, t.s.user.list("state = active"))


@pattern("users.get_users_by_role")
def _(t):
    user = t.user(role="admin")
    t.user("bob")
    t.only(user, t.s.user.list("role = admin"))


@pattern("users.search_users")
def _(t):
    user = t.user(full_name="Ada 100% Lovelace")
    t.user("bob", full_name="Bob 1000")
    everywhere = "username ~ $1 or email ~ $1 or full_name ~ $1"
    t.only(user, t.s.user.list(everywhere, "100%", flags="scan"))
    t.only(user, t.s.user.list(everywhere, "LOVE", flags="scan"))
    for text in ("100%", "LOVELACE", "love*", '"ada 100% lovelace"', "username:ada"):
        t.only(user, t.s.user.list(search=text))
    t.only(user, t.s.user.list(search="-bob"))
    t.assertEqual([], t.s.user.list(search="nobody").records)


@pattern("users.get_user_stats")
def _(t):
    user = t.user()
    t.job(user_id=user.id)
    t.assertIsInstance(t.s.user.stats(user.id), dict)
    t.assertIn("users", t.s.stats())


@pattern("users.cleanup_inactive_users")
def _(t):
    idle = t.user(password=PASSWORD)
    t.s.user.verify_password("ada", PASSWORD)
    admin = t.user("root", role="admin", password=PASSWORD)
    t.s.user.verify_password("root", PASSWORD)
    t.user("keyonly")  # never logged in by password: not inactive, only unknown
    t.age("users", "last_login_us", 366)
    t.user("fresh", password=PASSWORD)
    t.s.user.verify_password("fresh", PASSWORD)
    t.only(idle, t.s.user.list("state = active and role != admin and last_login < -365d"))
    t.s.user.set_state(idle.id, "deactivated")
    t.assertEqual("active", t.s.user.get(admin.id).state)


# --- jobs ---


@pattern("jobs.create_job")
def _(t):
    sources = [{"url": f"https://example.org/{n}.mkv", "episode": n} for n in (1, 2)]
    job = t.job(kind="full_pipeline", season="Season 1", sources=sources, quality="1080p", preset="medium",
                priority="high", tags=["a"], webhook="https://example.org/hook", request={"by": "form"})
    t.assertEqual(("Season 1", "1080p", "high", ["a"]), (job.season, job.quality, job.priority, job.tags))
    t.assertGreaterEqual(job.children, 2)


@pattern("jobs.get_with_videos")
def _(t):
    job = t.job(kind="download_only", sources=[{"url": "https://example.org/1.mkv", "episode": 1}])
    videos = t.s.video.list("job_id = $1", t.s.job.get(job.id).id).records
    t.assertEqual(["https://example.org/1.mkv"], [video.url for video in videos])


@pattern("jobs.get_user_jobs")
def _(t):
    user = t.user()
    mine = t.job(user_id=user.id)
    t.job()
    t.only(mine, t.s.job.list("user_id = $1", user.id))
    with t.store.on_behalf(user.id) as session:
        t.only(mine, session.job.list())


@pattern("jobs.get_active_jobs")
def _(t):
    job = t.job()
    t.s.job.cancel(t.job().id)
    t.only(job, t.s.job.list("state in (scheduled, ready, blocked, running)"))


@pattern("jobs.get_pending_jobs")
def _(t):
    for priority in ("low", "urgent", "normal", "high"):
        t.job(priority=priority)
    order = []
    for _ in range(4):
        with t.s.job.claim("work") as lease:  # taken: nobody else gets it
            order.append(lease.job.priority)
    t.assertEqual(["urgent", "high", "normal", "low"], order)
    t.assertIsNone(t.s.job.claim("work"))


@pattern("jobs.get_jobs_by_status")
def _(t):
    job = t.job()
    t.job(run_at=now() + HOUR)
    t.s.job.cancel(job.id)
    t.only(job, t.s.job.list("state = cancelled"))


@pattern("jobs.update_status")
def _(t):
    job = t.job()
    with t.s.job.claim("work") as lease:
        t.assertEqual("running", t.s.job.get(job.id).state)
        lease.finish()
    t.assertEqual("completed", t.s.job.get(job.id).status)
    t.denied("STATE", t.s.job.retry, job.id)  # there is no way back from completed


@pattern("jobs.update_progress")
def _(t):
    job = t.job()
    with t.s.job.claim("work") as lease:
        lease.progress("downloading", 30, 60)
        at = t.s.job.get(job.id)
        t.assertEqual(("downloading", "downloading", 30, 60), (at.stage, at.status, at.stage_done, at.stage_total))


@pattern("jobs.add_error")
def _(t):
    job = t.job()
    with t.s.job.claim("work") as lease:
        lease.fail("the disk is on fire")
    t.assertEqual(("the disk is on fire", 1), (t.s.job.get(job.id).error, t.s.job.get(job.id).error_count))
    t.assertIn("the disk is on fire", str(t.s.job.history(job.id)))


@pattern("jobs.set_task_id")
def _(t):
    t.assertEqual("celery-1", t.s.job.update(t.job().id, task_id="celery-1").task_id)


@pattern("jobs.get_job_stats")
def _(t):
    t.job()
    t.assertIn("jobs", t.s.stats())


@pattern("jobs.cleanup_old_jobs")
def _(t):
    waiting = t.job()
    for _ in range(2):
        t.s.job.cancel(t.job().id)
    t.age("jobs", "completed_us", 20)
    fresh = t.s.job.cancel(t.job().id)
    t.s.setting.set("retention.completed_days", "7")
    t.s.maintain(5000, "all")
    t.assertEqual({waiting.id, fresh.id}, {job.id for job in t.s.job.list(flags="deleted")})


@pattern("jobs.get_jobs_by_date_range")
def _(t):
    job = t.job()
    between = "created >= $1 and created < $2"
    t.only(job, t.s.job.list(between, now() - HOUR, now() + HOUR, flags="scan"))
    t.assertEqual(0, t.s.job.count(between, now() + HOUR, now() + 2 * HOUR, flags="scan"))


@pattern("jobs.cancel_job")
def _(t):
    t.assertEqual("cancelled", t.s.job.cancel(t.job().id).state)


@pattern("jobs.retry_job")
def _(t):
    job = t.job(max_attempts=1)
    with t.s.job.claim("work") as lease:
        lease.fail("no", False)
    t.store.close()  # nothing that a retry needs is in memory
    t.store = vidstore.open(os.path.join(t.directory, "store"))
    t.addCleanup(t.store.close)
    with t.store.system("after a restart") as session:
        again = session.job.retry(job.id)
        t.assertEqual(("ready", None), (again.state, again.completed))


# --- videos ---


def season(t):
    """A job with three videos: one waits, one was downloaded, one failed."""
    job = t.job()
    videos = [t.video(job_id=job.id, episode=n, url=f"https://example.org/{n}.mkv", download_state=state)
              for n, state in ((1, "pending"), (2, "completed"), (3, "failed"))]
    return job, videos


@pattern("videos.create_video_metadata")
def _(t):
    job, videos = season(t)
    t.assertEqual([1, 2, 3], [video.episode for video in videos])
    t.denied("EXISTS", t.video, job_id=job.id, episode=2)


@pattern("videos.get_job_videos")
def _(t):
    job, videos = season(t)
    t.video()
    t.assertEqual({video.id for video in videos}, {video.id for video in t.s.video.list("job_id = $1", job.id)})


@pattern("videos.get_by_episode")
def _(t):
    job, videos = season(t)
    t.only(videos[1], t.s.video.list("job_id = $1 and episode = $2", job.id, 2))


@pattern("videos.get_by_status")
def _(t):
    t.only(season(t)[1][2], t.s.video.list("download_state = failed", flags="scan"))


@pattern("videos.get_pending_downloads")
def _(t):
    t.only(season(t)[1][0], t.s.video.list("download_state = pending", flags="scan"))


@pattern("videos.get_pending_processing")
def _(t):
    wanted = season(t)[1][1]
    t.s.video.update(wanted.id, processing_state="pending")
    t.only(wanted, t.s.video.list("download_state = completed and processing_state = pending", flags="scan"))


@pattern("videos.update_download_progress")
def _(t):
    video = t.s.video.update(t.video().id, download_done=30, download_total=3 * 2**40)
    t.assertEqual((30, 3 * 2**40), (video.download_done, video.download_total))


@pattern("videos.update_processing_progress")
def _(t):
    video = t.s.video.update(t.video().id, processing_done=30, processing_total=60)
    t.assertEqual((30, 60), (video.processing_done, video.processing_total))


@pattern("videos.set_download_error")
def _(t):
    video = t.s.video.update(t.video().id, download_state="failed", download_error="no such host", download_retries=1)
    t.assertEqual(("failed", "no such host", 1), (video.download_state, video.download_error, video.download_retries))


@pattern("videos.set_processing_error")
def _(t):
    video = t.s.video.update(t.video().id, processing_state="failed", processing_error="codec")
    t.assertEqual(("failed", "codec"), (video.processing_state, video.processing_error))


@pattern("videos.start_download")
def _(t):
    t.assertEqual("active", t.s.video.update(t.video().id, download_state="active").download_state)


@pattern("videos.start_processing")
def _(t):
    t.assertEqual("active", t.s.video.update(t.video().id, processing_state="active").processing_state)


@pattern("videos.set_file_paths")
def _(t):
    video = t.s.video.update(t.video().id, download_path="/srv/in/1.mkv", processing_path="/srv/out/1.mp4")
    t.assertEqual(("/srv/in/1.mkv", "/srv/out/1.mp4"), (video.download_path, video.processing_path))


@pattern("videos.set_metadata")
def _(t):
    t.assertEqual({"a": 1}, t.s.video.update(t.video().id, metadata={"a": 1}).metadata)


@pattern("videos.get_failed_videos")
def _(t):
    failed = season(t)[1][2]
    worn_out = t.video(download_state="failed")
    t.s.video.update(worn_out.id, download_retries=3)
    t.only(failed, t.s.video.list("download_state = failed and download_retries < 3", flags="scan"))


@pattern("videos.get_video_stats")
def _(t):
    t.video()
    t.assertIn("videos", t.s.stats())


@pattern("videos.cleanup_orphaned_videos")
def _(t):
    season(t)
    orphan = t.video()
    t.only(orphan, t.s.video.list("job_id is null", flags="scan"))
    t.s.video.remove(orphan.id)
    t.assertEqual(3, t.s.video.count())


# --- storage ---


@pattern("storage.create_storage_file")
def _(t):
    file = t.file("episode 1.mkv", b"bytes")
    t.assertEqual(("episode 1.mkv", 5, hashlib.sha256(b"bytes").hexdigest()), (file.name, file.size, file.sha256))


@pattern("storage.get_by_path")
def _(t):
    file = t.file(external_id="season 1/episode 1.mkv")
    t.assertEqual(file.id, t.s.file.get_external(None, "season 1/episode 1.mkv").id)
    with open(t.s.file.path(file.id), "rb") as opened:
        t.assertEqual(b"abc", opened.read())


@pattern("storage.get_by_checksum")
def _(t):
    file = t.file()
    t.file("b.bin", b"other")
    t.only(file, t.s.file.list("sha256 = $1", hashlib.sha256(b"abc").hexdigest()))


@pattern("storage.get_job_files")
def _(t):
    job = t.job()
    file = t.file(job_id=job.id)
    t.file("b.bin")
    t.only(file, t.s.file.list("job_id = $1", job.id))


@pattern("storage.get_video_files")
def _(t):
    video = t.video()
    file = t.file(video_id=video.id)
    t.file("b.bin")
    t.only(file, t.s.file.list("video_id = $1", video.id))


@pattern("storage.get_by_backend")
def _(t):
    t.only(t.file(), t.s.file.list("backend = local", flags="scan"))
    t.assertEqual(0, t.s.file.count("backend = s3", flags="scan"))


@pattern("storage.get_by_access_level")
def _(t):
    t.file()
    t.only(t.file("b.bin", access="public"), t.s.file.list("access = public", flags="scan"))


@pattern("storage.get_temporary_files")
def _(t):
    t.file()
    t.only(t.file("b.bin", category="temporary"), t.s.file.list("category = temporary", flags="scan"))


@pattern("storage.get_expired_files")
def _(t):
    file = t.file(expires=now() - HOUR)
    t.file("b.bin", expires=now() + HOUR)
    t.file("c.bin")
    t.only(file, t.s.file.list("expires < $1", now(), flags="scan"))


@pattern("storage.get_files_by_type")
def _(t):
    t.file("a.srt")
    t.only(t.file("a.mkv"), t.s.file.list("type = video", flags="scan"))


@pattern("storage.get_files_by_category")
def _(t):
    t.file()
    t.only(t.file("b.bin", category="archive"), t.s.file.list("category = archive", flags="scan"))


@pattern("storage.update_access_info")
def _(t):
    file = t.file()
    t.s.file.open(file.id).close()
    t.assertIsNotNone(t.s.file.get(file.id).last_access)


@pattern("storage.mark_upload_started")
def _(t):
    with t.s.upload.open(name="a.bin") as upload:
        t.assertEqual(0, t.s.file.count())  # nothing is visible before the end
        file = upload.finish(0)
    t.assertIsNotNone(file.upload_started)


@pattern("storage.mark_upload_completed")
def _(t):
    file = t.file()
    t.assertGreaterEqual(file.upload_completed, file.upload_started)


@pattern("storage.set_expiry")
def _(t):
    until = now() + 24 * HOUR
    t.assertEqual(until, t.s.file.update(t.file().id, expires=until).expires)


@pattern("storage.extend_expiry")
def _(t):
    file = t.file(expires=now() + HOUR)
    longer = t.s.file.update(file.id, expires=file.expires + HOUR, expect_version=file.version)
    t.assertEqual(HOUR, longer.expires - file.expires)


@pattern("storage.update_checksum")
def _(t):
    file = t.file()
    t.assertEqual(hashlib.sha256(b"abc").hexdigest(), file.sha256)  # computed while the bytes pass
    t.assertEqual("0" * 32, t.s.file.update(file.id, md5="0" * 32).md5)
    t.assertIsNotNone(t.s.file.verify(file.id).verified)


@pattern("storage.set_metadata")
def _(t):
    t.assertEqual({"a": 1}, t.s.file.update(t.file().id, metadata={"a": 1}).metadata)


@pattern("storage.cleanup_expired_files")
def _(t):
    file = t.file(expires=now() + HOUR)
    kept = t.file("b.bin", b"other")
    path = t.s.file.path(file.id)
    t.age("files", "expires_us", 1)
    t.denied("NOT_FOUND", t.s.file.path, file.id)  # at once; the list has it until the clean-up
    t.assertEqual({file.id, kept.id}, {found.id for found in t.s.file.list()})
    t.assertTrue(os.path.exists(path))
    t.s.setting.set("retention.removed_days", "1")
    t.s.setting.set("retention.blob_grace_ms", "0")
    t.s.maintain(5000, "all")
    t.only(kept, t.s.file.list())
    t.denied("NOT_FOUND", t.s.file.get, file.id)
    t.age("files", "deleted_us", 2)
    t.s.maintain(5000, "all")
    t.assertFalse(os.path.exists(path))  # the bytes went with the record
    t.assertTrue(os.path.exists(t.s.file.path(kept.id)))


@pattern("storage.cleanup_temporary_files")
def _(t):
    kept = t.file("b.bin", b"other", category="temporary")
    t.assertAlmostEqual(24, (kept.expires - kept.created) / HOUR, places=1)
    t.s.file.update(t.file(category="temporary").id, expires=now() - HOUR)
    t.s.maintain(5000, "all")
    t.only(kept, t.s.file.list())


@pattern("storage.get_storage_stats")
def _(t):
    t.file()
    t.assertIn("files", t.s.stats())


@pattern("storage.find_duplicates")
def _(t):
    files = [t.file(), t.file("b.bin"), t.file("c.bin", b"other")]
    groups = t.s.file.duplicates()
    t.assertEqual([{files[0].id, files[1].id}], [set(group["ids"]) for group in groups])


@pattern("storage.get_large_files")
def _(t):
    t.file()
    t.only(t.file("b.bin", b"x" * 5000), t.s.file.list("size >= $1", 1000, flags="scan"))


@pattern("storage.search_files")
def _(t):
    t.file("1000.mkv")
    t.only(t.file("100%_Harbour.mkv"), t.s.file.list("name ~ $1", "0%_h", flags="scan"))
    t.only(t.file("10%_Ärger.mkv"), t.s.file.list(search="arger"))
    for text in ("harbour", "HARB*", "100%_harbour", "name:harbour"):
        t.assertEqual(["100%_Harbour.mkv"], [file.name for file in t.s.file.list(search=text)])


# --- audit ---


@pattern("audit.log_action")
def _(t):
    t.s.audit.record("importer", None, "a note of the host", {"n": 1})
    event = t.s.audit.list("noun = importer", flags="scan").records[0]
    t.assertEqual(("a note of the host", {"n": 1}), (event.description, event.details))


@pattern("audit.get_user_actions")
def _(t):
    user = t.user()
    with t.store.on_behalf(user.id, ip="192.0.2.9") as session:
        job = session.job.submit(kind="work")
    events = t.s.audit.list("user_id = $1", user.id).records
    t.assertIn((job.id, "192.0.2.9"), [(event.object_id, event.ip) for event in events])


@pattern("audit.get_resource_actions")
def _(t):
    job = t.job()
    t.s.job.update(job.id, season="new")
    events = t.s.audit.list("noun = job and object_id = $1", job.id).records
    t.assertEqual(["job_updated", "job_created"], [event.action for event in events])
    t.assertEqual([None, "new"], events[0].details["season"])


@pattern("audit.get_actions_by_type")
def _(t):
    job = t.job()
    t.user()
    t.assertEqual([job.id], [event.object_id for event in t.s.audit.list("action = job_created", flags="scan")])


def break_in(t, times=1):
    for _ in range(times):
        t.denied("UNAUTHENTICATED", t.store.login, "ada", "wrong password!", ip="198.51.100.1")


@pattern("audit.get_failed_actions")
def _(t):
    t.user(password=PASSWORD)
    break_in(t)
    t.assertIn("auth_failed", {event.action for event in t.s.audit.list("success = 0", flags="scan")})


@pattern("audit.get_security_events")
def _(t):
    t.user(password=PASSWORD)
    break_in(t)
    these = "action in (auth_failed, access_denied, api_key_created, api_key_revoked)"
    events = t.s.audit.list(these, flags="scan").records
    t.assertEqual(["auth_failed"], [event.action for event in events])


@pattern("audit.get_audit_stats")
def _(t):
    t.job()
    t.assertGreaterEqual(t.s.audit.stats(0)["total"], 1)


@pattern("audit.cleanup_old_logs")
def _(t):
    old = t.job()
    with t.s.transaction():
        for _ in range(4096):
            t.s.audit.record("host", None, "of no importance")
    t.s.audit.checkpoint()
    t.age("audit_segments", "last_us", 100)
    fresh = t.job()
    t.s.setting.set("retention.audit_activity_days", "90")
    t.s.maintain(5000, "all")
    t.assertEqual(0, t.s.audit.count("object_id = $1", old.id))
    t.assertEqual(1, t.s.audit.count("object_id = $1", fresh.id))
    t.assertEqual(0, t.s.audit.prune(now()))  # a segment that is not full stays
    with t.s.transaction():
        for _ in range(4096):
            t.s.audit.record("host", None, "of no importance")
    t.s.audit.checkpoint()
    t.assertEqual(0, t.s.audit.prune(now() - HOUR))
    t.assertEqual(4096, t.s.audit.prune(now()))  # by a time of the host's own, whatever the settings keep
    t.assertEqual(0, t.s.audit.count("object_id = $1", fresh.id))
    t.assertEqual("ok", t.s.audit.verify(None)["verdict"])


@pattern("audit.get_user_login_history")
def _(t):
    user = t.user(password=PASSWORD)
    t.store.login("ada", PASSWORD, ip="192.0.2.3").close()
    events = t.s.audit.list("action = user_login and object_id = $1", user.id).records
    t.assertEqual(["192.0.2.3"], [event.ip for event in events])


@pattern("audit.detect_suspicious_activity")
def _(t):
    t.user(password=PASSWORD)
    break_in(t, 5)
    by_ip = {}
    for event in t.s.audit.list("action = auth_failed and created > -24h", flags="scan"):
        by_ip[event.ip] = by_ip.get(event.ip, 0) + 1
    t.assertEqual({"198.51.100.1": 5}, by_ip)
    t.assertIn("198.51.100.1", str(t.s.audit.stats(0)))
    with t.store.on_behalf(t.user("eve").id) as eve:
        for _ in range(21):
            eve.video.remove(eve.video.create().id)
    t.s.maintain(5000, "all")
    alerts = [event.object_name or str(event.details) for event in t.s.audit.list("action = alert", flags="scan")]
    t.assertIn("mass_delete", str(alerts))


# --- service ---


@pattern("service.create_service")
def _(t):
    with vidstore.open(os.path.join(t.directory, "second")) as store, store.system("host") as session:
        t.assertEqual(0, session.job.count())


@pattern("service.commit")
def _(t):
    with t.store.system("other") as other:
        t.s.begin()
        video, job = t.video(), t.job()
        t.assertFalse(other.job.exists(job.id))
        t.s.commit()
        t.assertTrue(other.job.exists(job.id) and other.video.exists(video.id))


@pattern("service.rollback")
def _(t):
    t.s.begin()
    job = t.job()
    t.s.rollback()
    t.assertFalse(t.s.job.exists(job.id))


@pattern("service.close")
def _(t):
    t.s.close()
    t.store.close()
    t.assertTrue(t.store.closed)


@pattern("service.health_check")
def _(t):
    report = t.s.doctor()
    t.assertNotEqual("bad", report["verdict"])
    t.assertTrue(report["checks"])


@pattern("service.get_stats")
def _(t):
    stats = t.s.stats()
    for part in ("users", "jobs", "videos", "files"):
        t.assertIn(part, stats)


@pattern("service.cleanup_old_data")
def _(t):
    file = t.file(expires=now() - HOUR)
    kept = t.file("b.bin", b"other")
    t.assertFalse(t.s.file.exists(file.id))  # nobody gets it any more; its record and bytes go by upkeep
    t.assertEqual(1, t.s.maintain(5000, "dry_run")["done"]["files_expired"])
    t.assertEqual({file.id, kept.id}, {found.id for found in t.s.file.list()})
    t.assertEqual(1, t.s.maintain(5000, "all")["done"]["files_expired"])
    t.only(kept, t.s.file.list())
    t.assertIsNotNone(next(found for found in t.s.file.list(flags="deleted") if found.id == file.id).deleted)
    t.assertTrue(t.s.file.exists(kept.id))


if __name__ == "__main__":
    counted.main()
