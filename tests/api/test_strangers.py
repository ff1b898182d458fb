# SPDX-License-Identifier: MIT
"""What a stranger learns (group 15 of the attacks): nothing.

Every call that takes an id, in each place where it takes one, gets the id of another user's object of each kind, and
then one that nothing has. Both answers must be the same to the letter, and nothing of the other user's may change. The
calls come from the description of the interface, so that a new one is tried without a line here.
"""
import json
import os
import re
import shutil
import sqlite3
import tempfile
import unittest
import uuid

import counted
import vidstore

PASSWORD = "correct horse battery"
with open(os.environ["VIDSTORE_API_JSON"], encoding="utf-8") as description:
    API = json.load(description)
FIELDS = {noun["name"]: noun["fields"] for noun in API["nouns"]}

# What they end is the session's own.
ENDING = {"login_end", "login_confirm", "session_set_deadline", "begin", "commit", "rollback", "snapshot_begin",
          "snapshot_end"}
# Where the answer does tell, and why it has to.
TELLING = {
    "id": "an id can be taken once only; who chooses one that is taken has to be told",
    "subject_id": "who gives a right by a user's id has to be told that nobody has it",
}
ANSWERED = {"collection_videos": "video", "video_collections": "collection"}
# Other arguments with which a call gets as far as the id; "x" and 0 for the rest.
USUAL = {"mode": 1, "max_rows": 1, "days": 1, "limit": 10, "state": 20, "max": 10, "value": 1, "on": 1, "flags": 0,
         "name": "bytes", "password": PASSWORD + "1", "hash": "$2b$10$" + "a" * 53, "kinds": "work", "noun": "video",
         "sql": "SELECT 1", "items_json": "[]", "data": "", "paths": [], "external_id": "of ann"}
NEEDED = {"job": {"kind": "work"}, "collection": {"name": "q"}, "key": {"name": "z", "scopes": "read"},
          "user": {"username": "zed"}, "file": {"name": "n"}}


class World:
    """Ann, who has one of each; eve, who has the same; and eve's ways in."""

    def __init__(self, test):
        self.place = tempfile.mkdtemp(prefix="vidstore-strangers-")
        test.addCleanup(shutil.rmtree, self.place, True)
        self.store = vidstore.open(os.path.join(self.place, "store"), durability="relaxed")
        test.addCleanup(self.store.close)
        self.s = self.store.system("strangers")
        self.s.user.create(username="root", role="admin")
        self.users = {name: self.s.user.create(username=name, password=PASSWORD) for name in ("ann", "eve", "dan")}
        self.keys = {name: self.s.key.create(name="k", user_id=self.users[name].id, scopes="read") for name in
                     ("ann", "eve")}
        self.ann = self.store.on_behalf(self.users["ann"].id)
        self.eve = self.store.on_behalf(self.users["eve"].id)
        self.links, self.link = {}, None
        self.anns, self.eves = self.things("ann", self.ann), self.things("eve", self.eve)
        self.rows = sqlite3.connect(os.path.join(self.place, "store", "store.db"))
        test.addCleanup(self.rows.close)
        for name, things in ("ann", self.anns), ("eve", self.eves):
            owner = uuid.UUID(self.users[name].id).bytes
            event, = self.rows.execute("SELECT id FROM audit_events WHERE owner_id = ?", (owner,)).fetchone()
            things["audit"] = str(uuid.UUID(bytes=event))

    def put(self, session, name, **fields):
        with session.upload.open(name=name, **fields) as upload:
            upload.write(name.encode())
            upload.seal(len(name))
            return upload.publish().id

    def things(self, name, s):
        """By what it is, the id of one; of what can be removed, of a removed one too."""
        tag = "of " + name
        made = {"job": s.job.submit(kind="work", external_id=tag), "video": s.video.create(external_id=tag),
                "collection": s.collection.create(name="c", external_id=tag)}
        gone = {"job": s.job.submit(kind="work"), "video": s.video.create(),
                "collection": s.collection.create(name="g")}
        for noun, thing in gone.items():
            getattr(s, noun).remove(thing.id, "cascade")
        things = {noun: thing.id for noun, thing in made.items()}
        things.update({"removed " + noun: thing.id for noun, thing in gone.items()})
        things["file"] = self.put(s, name + " private", access="private", external_id=tag)
        things["restricted file"] = self.put(s, name + " restricted", access="restricted")
        things["removed file"] = self.put(s, name + " removed")
        s.file.remove(things["removed file"], "cascade")
        s.collection.video_add(things["collection"], things["video"], None)
        grant = s.grant.create(noun="video", object_id=things["video"], subject_id=self.users["dan"].id)
        link, self.links[name] = s.link.create(file_id=things["restricted file"])
        login, _ = self.store.login_create(name, PASSWORD)
        things.update(user=self.users[name].id, key=self.keys[name][0].id, grant=grant.id, link=link.id, login=login.id)
        return things

    def kept(self):
        """Every row that names something of ann's, but for what only grows."""
        ids = {uuid.UUID(i).bytes for i in self.anns.values()}
        names = [n for n, in self.rows.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
        tables = [n for n in names if not n.startswith(("sqlite_", "audit_", "feed", "search"))]
        return {(t, row) for t in tables for row in self.rows.execute(f'SELECT * FROM "{t}"')
                if any(value in ids for value in row if isinstance(value, bytes))}


def by_name():
    """The calls on data, as (name of the call, its noun, its parameters)."""
    for function in API["functions"]:
        name, params = function["name"][len("vidstore_"):], function["params"]
        if "not_by_name" in function or name in ENDING or not params or params[0]["name"] != "session":
            continue
        given = [p for p in params[1:] if p["direction"] != "out"]
        yield name, name.split("_")[0], [p for p in given if p["name"] not in ("reterr", "count", "token_size")]


def settable(noun, making):
    wanted = {"set", "once"} if making else {"set"}
    return [f["name"] for f in FIELDS[noun] if f["type"] == "uuid" and wanted & set(f["uses"])]


def usual(world, noun, param):
    name, kind = param["name"], param["type"]
    if name in ("id", "ids", "video_id", "user_id", "object_id"):
        own = world.eves.get(name[:-3] if name.endswith("_id") else noun, world.eves["video"])
        return [own] if name == "ids" else own
    if "_params" in kind:
        return [{}] if kind.count("*") > 1 else {}
    return None if param["nullable"] else USUAL.get(name, "x" if "*" in kind else 0)


def places(world, name, noun, params):
    """Each place where the call takes an id, and a function that makes the arguments with an id there."""
    base = {p["name"]: usual(world, noun, p) for p in params if "vidstore_query" not in p["type"]}
    base = {key: value for key, value in base.items() if value is not None}
    dan, eves = world.users["dan"].id, world.eves
    needed = {**NEEDED, "link": {"file_id": eves["restricted file"]},
              "grant": {"noun": "video", "object_id": eves["video"], "subject_id": dan}}
    for p in params:
        at, kind = p["name"], p["type"]
        if at in ("id", "before", "after") or at.endswith("_id") and at != "external_id":
            yield at, lambda i, at=at: {**base, at: i}
        elif at == "ids":
            yield at, lambda i: {**base, "ids": [i]}
        elif "_params" in kind:
            making = name.endswith(("create", "submit", "put_path"))
            start, many = needed.get(noun, {}) if making else {}, kind.count("*") > 1
            for field in settable(noun, making):
                yield at + "." + field, lambda i, field=field: {
                    **base, "params": [{**start, field: i}] if many else {**start, field: i}}
        elif "vidstore_query" in kind:
            for field in FIELDS.get(ANSWERED.get(name, noun), []):
                if field["type"] == "uuid" and "filter" in field["uses"]:
                    yield at + "." + field["name"], lambda i, field=field: {
                        **base, "query": {"filter": f'{field["name"]} = "{i}"', "flags": ["scan"]}}


def answer(session, call, args, the_id):
    """What came back, without the id itself, times and fresh secrets."""
    try:
        said = "OK", json.dumps(session.call(call, json.dumps(args)), sort_keys=True)
    except vidstore.VidstoreError as error:
        said = error.code, error.subcode, error.field, str(error)
    return tuple(re.sub(r'vs[kl]_\w+|"token_id": "\w+"', "T", re.sub(r"\d{13,}", "N", str(part).replace(the_id, "I")))
                 for part in said)


class Attack15(unittest.TestCase):
    def setUp(self):
        self.w, self.calls = World(self), 0

    def both(self, session, name, make, ann_has):
        """The answers to ann's id and to nobody's. What is made of them is undone."""
        nobodys, call = str(uuid.uuid4()), name.replace("_", ".", 1)
        undone = name.endswith(("create", "submit", "update")) and session is not self.w.link
        for i in ann_has, nobodys:
            if undone:
                session.begin(0)
            yield answer(session, call, make(i), i)
            if undone:
                session.rollback()

    def differences(self, session, known=()):
        """Each (call, place, what of ann's, both answers) where the answers are not the same."""
        for name, noun, params in by_name():
            for place, make in places(self.w, name, noun, params):
                for what in self.w.anns.keys() - known:
                    answers = tuple(self.both(session, name, make, self.w.anns[what]))
                    self.calls += 1
                    if answers[0] != answers[1]:
                        yield name, place, what, answers

    def sweep(self, session, known=()):
        before = self.w.kept()
        for name, place, what, (to_anns, to_nobodys) in self.differences(session, known):
            making, field = name.endswith(("create", "submit")), place.partition("params.")[2]
            self.assertTrue(making and field in TELLING, f"{name}, {place}, {what}: {to_anns[:4]}, {to_nobodys[:4]}")
            if field == "id":
                self.assertEqual(to_anns[0], "CONFLICT", f"{name}: {what}")
        self.assertEqual(self.w.kept(), before)
        self.assertGreater(self.calls, 3000)

    def test_the_owner_does_get_other_answers(self):
        """Else the others would prove nothing."""
        told = {(name, place) for name, place, _, _ in self.differences(self.w.ann)}
        wanted = {("video_get", "id"), ("file_remove", "id"), ("file_bulk_update", "ids"), ("file_list", "query.id"),
                  ("grant_create", "params.object_id"), ("collection_videos", "id"), ("audit_get", "id")}
        self.assertEqual(wanted - told, set())

    def test_a_user(self):
        self.sweep(self.w.eve)

    def test_a_login(self):
        self.sweep(self.w.store.resume(self.w.store.login_create("eve", PASSWORD)[1]))

    def test_a_key_that_reads(self):
        self.sweep(self.w.store.key(self.w.keys["eve"][1]))

    def test_a_key_that_writes(self):
        _, token = self.w.s.key.create(name="w", user_id=self.w.users["eve"].id, scopes="write profile")
        self.sweep(self.w.store.key(token))

    def test_a_link(self):
        self.w.link = self.w.store.link(self.w.links["eve"])
        self.sweep(self.w.link)

    def test_nobody(self):
        self.w.link = self.w.store.anonymous()
        self.sweep(self.w.link)

    def test_who_has_a_grant_on_one_thing(self):
        """Sees that thing and the grant, and nothing else; and changes nothing of either."""
        self.w.s.grant.create(noun="file", object_id=self.w.anns["restricted file"], subject_id=self.w.users["eve"].id)
        seen = {"restricted file", "user"}  # and whose it is
        self.sweep(self.w.eve, seen)
        thing = self.w.anns["restricted file"]
        for name, _, _, (to_anns, _) in self.differences(self.w.eve, self.w.anns.keys() - {"restricted file"}):
            self.assertEqual(self.w.s.file.get(thing).version, 1, name)
        self.assertIsNone(self.w.s.file.get(thing).deleted)

    def test_the_same_content_under_the_same_id(self):
        """Who makes again what another has made does not get the other's."""
        for noun, fields in ("video", {}), ("job", {"kind": "work"}), ("collection", {"name": "c"}):
            make = getattr(self.w.eve, noun).submit if noun == "job" else getattr(self.w.eve, noun).create
            for what in noun, "removed " + noun:
                with self.assertRaises(vidstore.VidstoreError) as caught:
                    make(id=self.w.anns[what], **fields)
                self.assertEqual((caught.exception.code, caught.exception.field), ("CONFLICT", "id"))

    def test_names(self):
        """By what else a thing of ann's is known: its name, its owner's, an identity, a word that it holds."""
        ann, eve = self.w.users["ann"].id, self.w.users["eve"].id
        self.w.s.user.update(ann, email="ann@example.org")
        self.w.s.user.link_identity(ann, "google", "1")
        token = {who: self.w.keys[who][0].token_id for who in ("ann", "eve")}
        pairs = (
            ("user.get_by_name", {"name": "ann"}, {"name": "nobody"}),
            ("user.get_by_name", {"name": "ann@example.org"}, {"name": "nobody@example.org"}),
            ("user.get_by_identity", {"provider": "google", "subject": "1"}, {"provider": "google", "subject": "2"}),
            ("user.link_identity", {"id": eve, "provider": "google", "subject": "1"},
             {"id": eve, "provider": "google", "subject": "2"}),
            ("user.update", {"id": eve, "params": {"username": "ann"}}, {"id": eve, "params": {"username": "nobody"}}),
            ("user.update", {"id": eve, "params": {"email": "ann@example.org"}},
             {"id": eve, "params": {"email": "nobody@example.org"}}),
            ("video.get_external", {"user_id": ann, "external_id": "of ann"}, {"user_id": ann, "external_id": "none"}),
            ("job.get_external", {"user_id": ann, "external_id": "of ann"}, {"user_id": ann, "external_id": "none"}),
            ("file.get_external", {"user_id": ann, "external_id": "of ann"}, {"user_id": ann, "external_id": "none"}),
            ("file.list", {"query": {"search": "ann"}}, {"query": {"search": "nobody"}}),
            ("file.count", {"query": {"filter": "name ~ ann", "flags": ["scan"]}},
             {"query": {"filter": "name ~ nobody", "flags": ["scan"]}}),
            ("key.list", {"query": {"filter": f'token_id = "{token["ann"]}"'}},
             {"query": {"filter": f'token_id = "{"x" * 14}"'}}),
        )
        for call, anns, nobodys in pairs:
            self.assertEqual(answer(self.w.eve, call, anns, ann), answer(self.w.eve, call, nobodys, ann), (call, anns))
        own = answer(self.w.eve, "key.list", {"query": {"filter": f'token_id = "{token["eve"]}"'}}, eve)
        self.assertIn(self.w.eves["key"], own[1])  # what is one's own is found so

    def test_uploads_and_readers(self):
        """What no call by name reaches."""
        upload = self.w.ann.upload.open(name="unfinished")
        upload.write(b"bytes")
        typed = [(self.w.eve.file.open, i) for i in self.w.anns.values()] + [(self.w.eve.upload.resume, upload.id)]
        for call, ann_has in typed:
            said = []
            for i in ann_has, str(uuid.uuid4()):
                with self.assertRaises(vidstore.VidstoreError) as caught:
                    call(i)
                said.append((caught.exception.code, caught.exception.field, str(caught.exception).replace(i, "I")))
            self.assertEqual(said[0], said[1])
            self.assertEqual(said[0][0], "NOT_FOUND")


if __name__ == "__main__":
    counted.main()
