# SPDX-License-Identifier: MIT
"""Who may do what, and what is on record, through the binding."""
import datetime
import json
import uuid

import vidstore
from binding_case import Case, PASSWORD


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
