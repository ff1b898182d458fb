# SPDX-License-Identifier: MIT
"""Records and lists, through the binding."""
import datetime
import uuid

import vidstore
from vidstore import _library
from binding_case import Case, PASSWORD


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
