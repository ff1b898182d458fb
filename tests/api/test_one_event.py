# SPDX-License-Identifier: MIT
"""Every call that changes something leaves exactly one event (group 59 of the attacks).

A call changes something when its description says that the outcome of its commit can be unknown. Each of those has one
case here, or a reason why it leaves none or more; a call without either fails, and so does a case without a call.
"""
import http.server
import math
import os
import shutil
import struct
import tempfile
import threading
import unittest
import wave

import counted
import vidstore

PASSWORD = "correct horse battery"
NOTES = "CREATE TABLE app_notes (body TEXT)"

# Calls that leave no event of their own, and why.
NONE = {
    "commit": "ends what other calls did, each of which left its event",
    "batch": "carries other calls, each of which leaves its event",
    "call": "carries another call, which leaves its event",
    "upload_open": "an unfinished upload is not there for anybody yet; its publication is the event",
    "upload_resume": "the same",
    "upload_seal": "the same",
    "lease_attach": "renews a lease, as every heartbeat does",
    "app_exec": "what a host writes into tables of its own is the host's to record, with audit_record",
    "job_claim": None,  # has a case
}


def tone(path):
    with wave.open(path, "wb") as out:
        out.setparams((1, 2, 8000, 8000, "NONE", ""))
        out.writeframes(b"".join(struct.pack("<h", int(9000 * math.sin(i / 8))) for i in range(8000)))
    return path


class World:
    """A store with a bit of everything; what a case needs is made before it is watched."""

    def __init__(self, test):
        self.test = test
        self.directory = tempfile.mkdtemp(prefix="vidstore-events-")
        test.addCleanup(shutil.rmtree, self.directory, True)
        self.store = vidstore.open(os.path.join(self.directory, "store"), durability="relaxed")
        test.addCleanup(self.store.close)
        self.s = self.store.system("events")
        test.addCleanup(self.s.close)

    def path(self, name, data=b"bytes"):
        path = os.path.join(self.directory, name)
        with open(path, "wb") as file:
            file.write(data)
        return path

    def user(self, name="ada", **fields):
        return self.s.user.create(username=name, **fields)

    def job(self, **fields):
        return self.s.job.submit(**{"kind": "work", **fields})

    def video(self, **fields):
        return self.s.video.create(**{"title": "v", **fields})

    def collection(self, **fields):
        return self.s.collection.create(**{"name": "c", **fields})

    def collected(self):
        """A collection with two videos."""
        collection, videos = self.collection(), [self.video(), self.video()]
        for video in videos:
            self.s.collection.video_add(collection.id, video.id, None)
        return collection.id, videos[0].id

    def file(self, **fields):
        return self.s.file.put_path(self.path("a.bin"), **fields)

    def sealed(self):
        upload = self.s.upload.open(name="u.bin")
        upload.write(b"abc")
        upload.seal(3)
        return upload

    def lease(self):
        self.job()
        return self.s.job.claim("work")

    def identity(self):
        user = self.user()
        self.s.user.link_identity(user.id, "google", "1")
        return user

    def account(self):
        return self.user(password=PASSWORD)

    def logged_in(self):
        """A session of a login, and another login of the same user."""
        user = self.account()
        self.store.login_create("ada", PASSWORD)
        _, token = self.store.login_create("ada", PASSWORD)
        session = self.store.resume(token)
        self.test.addCleanup(session.close)
        return session, user

    def key(self):
        user = self.user()
        return self.s.key.create(name="k", user_id=user.id, scopes="read")[0]

    def granted(self):
        return self.s.grant.create(noun="video", object_id=self.video().id, subject_id=self.user().id)

    def restricted(self):
        return self.file(access="restricted")

    def linked(self):
        return self.s.link.create(file_id=self.restricted().id)

    def served(self):
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
        self.test.addCleanup(server.server_close)
        self.test.addCleanup(server.shutdown)
        self.s.setting.set("fetch.allow_private", "1")
        return self.video(url=f"http://127.0.0.1:{server.server_port}/hello.txt")

    def probed(self):
        video = self.video()
        self.s.file.put_path(tone(os.path.join(self.directory, "tone.wav")), video_id=video.id)
        return video

    def removed(self, noun, record):
        getattr(self.s, noun).remove(record.id)
        return record

    def unused(self):
        file = self.file()
        self.s.setting.set("retention.blob_grace_ms", "0")
        self.s.file.remove(file.id)
        self.s.file.purge(file.id)

    def count(self):
        return self.s.audit.count(flags="exact_count")


def probe_fd(w, video):
    with open(os.path.join(w.directory, "tone.wav"), "rb") as file:
        w.s.video.probe_fd(video.id, file.fileno())


def put_fd(w, path):
    with open(path, "rb") as file:
        w.s.file.put_fd(file, name="f")


def export(w, _):
    with open(os.path.join(w.directory, "export"), "wb") as out:
        w.s.audit.export(None, out)


# What is made before, and the call.
CASES = {
    "app_migrate": (lambda w: None, lambda w, _: w.s.app.migrate("0001", NOTES)),
    "audit_record": (lambda w: None, lambda w, _: w.s.audit.record("host", None, "x")),
    "audit_export": (World.user, export),
    "audit_canary_set": (World.key, lambda w, k: w.s.audit.canary_set(k.id, True)),
    "audit_checkpoint": (World.user, lambda w, _: w.s.audit.checkpoint()),
    "collection_create": (lambda w: None, lambda w, _: w.collection()),
    "collection_update": (World.collection, lambda w, c: w.s.collection.update(c.id, name="other")),
    "collection_remove": (World.collection, lambda w, c: w.s.collection.remove(c.id)),
    "collection_restore": (lambda w: w.removed("collection", w.collection()),
                           lambda w, c: w.s.collection.restore(c.id)),
    "collection_purge": (lambda w: w.removed("collection", w.collection()), lambda w, c: w.s.collection.purge(c.id)),
    "collection_bulk_create": (lambda w: None,
                               lambda w, _: w.s.collection.bulk_create([{"name": "x"}, {"name": "y"}])),
    "collection_bulk_update": (lambda w: [w.collection(name="a").id, w.collection(name="b").id],
                               lambda w, ids: w.s.collection.bulk_update(ids, [{"name": "x"}, {"name": "y"}])),
    "collection_video_add": (lambda w: (w.collection(), w.video()),
                             lambda w, it: w.s.collection.video_add(it[0].id, it[1].id, None)),
    "collection_video_move": (World.collected, lambda w, it: w.s.collection.video_move(*it, None)),
    "collection_video_drop": (World.collected, lambda w, it: w.s.collection.video_drop(*it)),
    "file_update": (World.file, lambda w, f: w.s.file.update(f.id, name="other")),
    "file_remove": (World.file, lambda w, f: w.s.file.remove(f.id)),
    "file_restore": (lambda w: w.removed("file", w.file()), lambda w, f: w.s.file.restore(f.id)),
    "file_purge": (lambda w: w.removed("file", w.file()), lambda w, f: w.s.file.purge(f.id)),
    "file_bulk_update": (lambda w: [w.file().id, w.file().id],
                         lambda w, ids: w.s.file.bulk_update(ids, [{"name": "x"}, {"name": "y"}])),
    "upload_publish": (World.sealed, lambda w, u: w.s.upload.publish(u)),
    "file_put_path": (lambda w: w.path("p"), lambda w, p: w.s.file.put_path(p)),
    "file_put_fd": (lambda w: w.path("p"), put_fd),
    "file_verify": (World.file, lambda w, f: w.s.file.verify(f.id)),
    "job_submit": (lambda w: None, lambda w, _: w.job()),
    "job_update": (World.job, lambda w, j: w.s.job.update(j.id, season="s")),
    "job_remove": (World.job, lambda w, j: w.s.job.remove(j.id)),
    "job_restore": (lambda w: w.removed("job", w.job()), lambda w, j: w.s.job.restore(j.id)),
    "job_purge": (lambda w: w.removed("job", w.job()), lambda w, j: w.s.job.purge(j.id)),
    "job_bulk_create": (lambda w: None, lambda w, _: w.s.job.bulk_create([{"kind": "work"}] * 3)),
    "job_bulk_update": (lambda w: [w.job().id, w.job().id],
                        lambda w, ids: w.s.job.bulk_update(ids, [{"season": "x"}, {"season": "y"}])),
    "job_cancel": (World.job, lambda w, j: w.s.job.cancel(j.id)),
    "job_retry": (lambda w: w.s.job.cancel(w.job().id), lambda w, j: w.s.job.retry(j.id)),
    "job_claim": (World.job, lambda w, j: w.test.addCleanup(w.s.job.claim("work").close)),
    "lease_finish": (World.lease, lambda w, lease: lease.finish()),
    "lease_fail": (World.lease, lambda w, lease: lease.fail("no", False)),
    "lease_release": (World.lease, lambda w, lease: lease.release()),
    "key_create": (World.user, lambda w, u: w.s.key.create(name="k", user_id=u.id, scopes="read")),
    "key_update": (World.key, lambda w, k: w.s.key.update(k.id, {"name": "other"})),
    "key_revoke": (World.key, lambda w, k: w.s.key.revoke(k.id)),
    "grant_create": (lambda w: (w.video(), w.user()),
                     lambda w, o: w.s.grant.create(noun="video", object_id=o[0].id, subject_id=o[1].id)),
    "grant_revoke": (World.granted, lambda w, g: w.s.grant.revoke(g.id)),
    "link_create": (World.restricted, lambda w, f: w.s.link.create(file_id=f.id)),
    "link_revoke": (World.linked, lambda w, it: w.s.link.revoke(it[0].id)),
    "session_link": (World.linked, lambda w, it: w.test.addCleanup(w.store.link(it[1]).close)),
    "quota_set": (World.user, lambda w, u: w.s.quota.set(u.id, "bytes", 1000)),
    "setting_set": (lambda w: None, lambda w, _: w.s.setting.set("job.lease_ms", "1500")),
    "login_create": (World.account, lambda w, u: w.store.login_create("ada", PASSWORD)),
    "login_external": (World.identity, lambda w, u: w.store.login_external("google", "1")),
    "login_confirm": (World.logged_in, lambda w, it: it[0].login.confirm(PASSWORD)),
    "login_trust": (World.logged_in, lambda w, it: it[0].login.trust()),
    "login_end": (World.logged_in, lambda w, it: it[0].login.end()),
    "login_revoke": (World.logged_in, lambda w, it: w.s.login.revoke(it[0].login_id)),
    "login_revoke_others": (World.logged_in, lambda w, it: it[0].login.revoke_others()),
    "login_revoke_all": (World.logged_in, lambda w, it: w.s.login.revoke_all(it[1].id)),
    "once_create": (lambda w: w.user(state="pending"), lambda w, u: w.store.once_create(w.s, "invitation", u.id)),
    "once_request_reset": (World.account, lambda w, u: w.store.once_request_reset("ada", 0)),
    "once_use": (lambda w: w.store.once_create(w.s, "reset", w.account().id)[1],
                 lambda w, token: w.store.once_use("reset", token, PASSWORD)),
    "user_import_hash": (World.user, lambda w, u: w.s.user.import_hash(
        u.id, "$2a$05$XXXXXXXXXXXXXXXXXXXXXOAcXxm9kjPGEMsLznoKqmqw7tc8WCx4a")),
    "maintain": (World.unused, lambda w, _: w.s.maintain(2000, ["all"])),
    "backup": (World.file, lambda w, _: w.s.backup(os.path.join(w.directory, "backup"))),
    "user_create": (lambda w: None, lambda w, _: w.user()),
    "user_bootstrap": (lambda w: None, lambda w, _: w.s.user.bootstrap(username="ada")),
    "user_update": (World.user, lambda w, u: w.s.user.update(u.id, full_name="Ada")),
    "user_remove": (World.user, lambda w, u: w.s.user.remove(u.id)),
    "user_purge": (lambda w: w.removed("user", w.user()), lambda w, u: w.s.user.purge(u.id)),
    "user_bulk_create": (lambda w: None, lambda w, _: w.s.user.bulk_create([{"username": "a1"}, {"username": "b1"}])),
    "user_bulk_update": (lambda w: [w.user("a1").id, w.user("b1").id],
                         lambda w, ids: w.s.user.bulk_update(ids, [{"full_name": "x"}, {"full_name": "y"}])),
    "user_verify_password": (lambda w: w.user(password=PASSWORD),
                             lambda w, u: w.s.user.verify_password("ada", PASSWORD)),
    "user_set_password": (World.user, lambda w, u: w.s.user.set_password(u.id, PASSWORD)),
    "user_set_state": (World.user, lambda w, u: w.s.user.set_state(u.id, "suspended")),
    "user_link_identity": (World.user, lambda w, u: w.s.user.link_identity(u.id, "google", "1")),
    "user_unlink_identity": (World.identity, lambda w, u: w.s.user.unlink_identity(u.id, "google", "1")),
    "video_create": (lambda w: None, lambda w, _: w.video()),
    "video_update": (World.video, lambda w, v: w.s.video.update(v.id, title="other")),
    "video_remove": (World.video, lambda w, v: w.s.video.remove(v.id)),
    "video_restore": (lambda w: w.removed("video", w.video()), lambda w, v: w.s.video.restore(v.id)),
    "video_purge": (lambda w: w.removed("video", w.video()), lambda w, v: w.s.video.purge(v.id)),
    "video_bulk_create": (lambda w: None, lambda w, _: w.s.video.bulk_create([{"title": "x"}, {"title": "y"}])),
    "video_bulk_update": (lambda w: [w.video().id, w.video().id],
                          lambda w, ids: w.s.video.bulk_update(ids, [{"title": "x"}, {"title": "y"}])),
    "video_probe": (World.probed, lambda w, v: w.s.video.probe(v.id)),
    "video_probe_fd": (World.probed, probe_fd),
    "video_probe_many": (World.probed, lambda w, v: w.s.video.probe_many([v.id], 0)),
    "video_probe_path": (World.probed, lambda w, v: w.s.video.probe_path(v.id, os.path.join(w.directory, "tone.wav"))),
}
# Calls that do several things to several objects, and how many events that makes.
SEVERAL = {
    "key_rotate": "the old key that ends, and the new one",
    "audit_prune": "an event for each segment that goes; tests/api/audit_chain.c counts them",
    "file_verify_all": "an event for each file that was read",
    "video_fetch": "the file that it publishes, and the video that has it now",
}
del NONE["job_claim"]


class Attack59OneEvent(unittest.TestCase):
    def test_every_call_is_here(self):
        changing = {name.removeprefix("vidstore_") for name, it in vidstore.lib.descriptions.items()
                    if "UNKNOWN_OUTCOME" in it.get("codes", [])}
        self.assertEqual(set(), changing - set(CASES) - set(NONE) - set(SEVERAL), "neither case nor reason")
        self.assertEqual(set(), (set(CASES) | set(NONE) | set(SEVERAL)) - changing, "of no call")

    def test_what_is_undone_leaves_none(self):
        w = World(self)
        before = w.count()
        with self.assertRaises(ZeroDivisionError), w.s.transaction():
            w.user()
            raise ZeroDivisionError
        self.assertEqual(before, w.count())

    def test_a_hosts_own_tables(self):
        w = World(self)
        self.assertTrue(w.s.app.migrate("0001", NOTES))
        event = w.s.audit.list(limit=1).records[0]
        self.assertEqual(("migration", "app", "0001"), (event.action, event.noun, event.object_name))
        before = w.count()
        self.assertFalse(w.s.app.migrate("0001", NOTES))  # was applied: nothing changes
        self.assertEqual(1, w.s.app.exec("INSERT INTO app_notes VALUES (?)", ["a note"]))
        self.assertEqual([["a note"]], w.s.app.query("SELECT body FROM app_notes", [], 10)["rows"])
        self.assertEqual(before, w.count())


def add(name, prepare, call):
    def run(self):
        world = World(self)
        made = prepare(world)
        before = world.count()
        call(world, made)
        events = world.s.audit.list(limit=20).records[:max(0, world.count() - before)]
        self.assertEqual(1, len(events), [event.action for event in events])

    setattr(Attack59OneEvent, "test_" + name, run)


for _name, (_prepare, _call) in CASES.items():
    add(_name, _prepare, _call)

if __name__ == "__main__":
    counted.main()
