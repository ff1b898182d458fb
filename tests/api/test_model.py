# SPDX-License-Identifier: MIT
"""Random calls, compared with what a few dictionaries say.

Three users create, change, remove, restore, purge, grant, deny and collect videos, put files and submit jobs, through
two handles on one store that are opened anew now and then, in transactions that are rolled back as often as not. In
between, every list, search and count of a user must give what the model gives; at the end the store's own checks must
find nothing.
The runs are the same each time; VIDSTORE_MODEL_SEED and VIDSTORE_MODEL_STEPS ask for another, or for a longer one.
"""
import os
import random
import shutil
import tempfile
import unicodedata
import unittest

import counted
import vidstore

WORDS = "alpha beta gamma common rare harbour lights été Straße".split()
SEEDS = [int(s) for s in os.environ.get("VIDSTORE_MODEL_SEED", "1 2 3").split()]
SOUND = ("integrity", "schema", "bytes", "usage", "grants", "collections")  # what else there is, is the machine's
STEPS = int(os.environ.get("VIDSTORE_MODEL_STEPS", "500"))


def folded(text):
    letters = unicodedata.normalize("NFKD", text.replace("ß", "ss").lower())
    return "".join(c for c in letters if not unicodedata.combining(c)).split()


class Undo(Exception):
    pass


class Item:
    def __init__(self, owner, title=None, external=None, public=False):
        self.owner, self.title, self.external, self.public, self.removed = owner, title, external, public, False


class Model:
    """What there should be: by id, what was created and not purged since."""

    def __init__(self):
        self.videos, self.jobs, self.files = {}, {}, {}
        self.grants, self.collections = {}, [[], [], []]
        self.submitted = [0, 0, 0]

    def own(self, items, owner, removed=False):
        return [i for i, item in items.items() if item.owner == owner and item.removed == removed]

    def seen(self, user):
        about = [(video, denies) for video, subject, denies in self.grants.values() if subject == user]
        given = {v for v, denies in about if not denies and not self.videos[v].removed}
        return set(self.own(self.videos, user)) | given - {v for v, denies in about if denies}

    def holds(self, user, word):
        return {v for v in self.seen(user) if folded(word)[0] in folded(self.videos[v].title)}

    def files_of(self, user):
        """Its own, and what is open to all."""
        return {f for f, item in self.files.items() if not item.removed and (item.owner == user or item.public)}

    def has(self, items, owner, external):
        return any(items[i].external == external for i in self.own(items, owner))

    def purged(self, video):
        del self.videos[video]
        self.grants = {g: about for g, about in self.grants.items() if about[0] != video}
        for videos in self.collections:
            if video in videos:
                videos.remove(video)


class Run:
    def __init__(self, test, seed):
        self.t, self.r, self.m = test, random.Random(seed), Model()
        self.place = tempfile.mkdtemp(prefix="vidstore-model-")
        test.addCleanup(shutil.rmtree, self.place, True)
        self.users, self.handles, self.systems, self.sessions = [], [None, None], [None, None], [[], []]
        self.open(0)
        self.users = [self.systems[0].user.create(username=f"user{i}").id for i in range(3)]
        self.collections = [self.systems[0].collection.create(name="mine", user_id=user).id for user in self.users]
        self.close(0)
        self.open(0)
        self.open(1)

    def open(self, which):
        store = self.handles[which] = vidstore.open(self.place)
        self.systems[which] = store.system("model")
        self.sessions[which] = [store.on_behalf(user) for user in self.users]

    def close(self, which):
        for handle in [self.systems[which], *self.sessions[which], self.handles[which]]:
            handle.close()

    def title(self):
        return " ".join(self.r.choices(WORDS, k=self.r.randint(1, 4)))

    def pick(self, items):
        return self.r.choice(sorted(items)) if items else None

    # --- steps: each for one user, in a session of its own; system is one of the system ---

    def create_video(self, s, owner, _):
        external = self.r.choice([None, None, None, "a", "b", "c"])
        title, taken = self.title(), external and self.m.has(self.m.videos, owner, external)
        try:
            video = s.video.create(title=title, external_id=external)
            self.t.assertFalse(taken)
            self.m.videos[video.id] = Item(owner, title, external)
        except vidstore.ExistsError:
            self.t.assertTrue(taken)

    def rename_video(self, s, owner, _):
        video = self.pick(self.m.own(self.m.videos, owner))
        if video:
            self.m.videos[video].title = self.title()
            s.video.update(video, title=self.m.videos[video].title)

    def remove_video(self, s, owner, _):
        video = self.pick(self.m.own(self.m.videos, owner))
        if video:
            s.video.remove(video)
            self.m.videos[video].removed = True

    def restore_video(self, s, owner, _):
        video = self.pick(self.m.own(self.m.videos, owner, removed=True))
        if not video:
            return
        external = self.m.videos[video].external
        taken = external and self.m.has(self.m.videos, owner, external)
        try:
            s.video.restore(video)
            self.t.assertFalse(taken)
            self.m.videos[video].removed = False
        except (vidstore.ExistsError, vidstore.ConflictError):
            self.t.assertTrue(taken)

    def purge_video(self, _, owner, system):
        video = self.pick(self.m.own(self.m.videos, owner, removed=True))
        if video:
            system.video.purge(video)
            self.m.purged(video)

    def submit_jobs(self, s, owner, _):
        items = [{"kind": "k", "external_id": self.r.choice([None, None, "same"])} for _ in range(self.r.randint(1, 5))]
        page = s.job.bulk_create(items, flags="each")
        for item, job in zip(items, page.records):
            taken = item["external_id"] and self.m.has(self.m.jobs, owner, "same")
            self.t.assertEqual(bool(taken), job is None)
            if job:
                self.m.jobs[job.id] = Item(owner, external=item["external_id"])
                self.m.submitted[owner] += 1

    def transaction(self, s, owner, _):
        jobs, videos, stays = [], [], self.r.random() < 0.5
        try:
            with s.transaction():
                for _ in range(self.r.randint(1, 4)):
                    jobs.append((s.job.submit(kind="k").id, None))
                    title = self.title()
                    videos.append((s.video.create(title=title).id, title))
                    with self.t.assertRaises(vidstore.InvalidError):
                        s.job.submit(kind="k", parent_id=jobs[0][0], run_at=None, priority=99)
                if not stays:
                    raise Undo
        except Undo:
            return
        self.m.submitted[owner] += len(jobs)
        self.m.jobs.update({i: Item(owner) for i, _ in jobs})
        self.m.videos.update({i: Item(owner, title) for i, title in videos})

    def work(self, _, owner, system):
        del owner
        with system.job.claim("k") or Nothing() as lease:
            if lease and self.r.random() < 0.5:
                lease.progress("working", 1, 2)

    def remove_job(self, s, owner, system):
        job = self.pick(self.m.own(self.m.jobs, owner))
        if job:
            s.job.remove(job)
            self.m.jobs[job].removed = True
        gone = self.pick(self.m.own(self.m.jobs, owner, removed=True))
        if gone and self.r.random() < 0.5:
            system.job.purge(gone)
            del self.m.jobs[gone]

    def put_file(self, s, owner, _):
        public, name, content = self.r.random() < 0.3, self.title(), b"x" * self.r.randint(1, 4)
        with s.upload.open(name=name, access="public" if public else "private") as upload:
            upload.write(content)
            file = None if self.r.random() < 0.2 else upload.finish()
            if not file:
                upload.abort()
        if file:
            self.m.files[file.id] = Item(owner, name, public=public)

    def remove_file(self, s, owner, system):
        file = self.pick(self.m.own(self.m.files, owner))
        if file:
            s.file.remove(file)
            self.m.files[file].removed = True
        gone = self.pick(self.m.own(self.m.files, owner, removed=True))
        if gone and self.r.random() < 0.5:
            s.file.restore(gone)
            self.m.files[gone].removed = False
        elif gone and self.r.random() < 0.5:
            system.file.purge(gone)
            del self.m.files[gone]

    def open_or_close_file(self, s, owner, _):
        file = self.pick(self.m.own(self.m.files, owner))
        if file:
            item = self.m.files[file]
            item.public = not item.public
            s.file.update(file, access="public" if item.public else "private")

    def maintain(self, _, owner, system):
        del owner
        system.maintain(20)

    def grant(self, s, owner, _):
        video, subject = self.pick(self.m.own(self.m.videos, owner)), (owner + self.r.randint(1, 2)) % 3
        if not video:
            return
        denies = self.r.random() < 0.25
        taken = (video, subject, denies) in self.m.grants.values()
        try:
            made = s.grant.create(noun="video", object_id=video, subject_id=self.users[subject], denies=denies)
            self.t.assertFalse(taken)
            self.m.grants[made.id] = (video, subject, denies)
        except vidstore.ExistsError:
            self.t.assertTrue(taken)

    def revoke(self, _, owner, system):
        del owner
        grant = self.pick(self.m.grants)
        if grant:
            system.grant.revoke(grant)
            del self.m.grants[grant]

    def collect(self, s, owner, _):
        collection, videos = self.collections[owner], self.m.collections[owner]
        seen = self.m.seen(owner)
        video = self.pick(seen)
        inside = [v for v in videos if v in seen]
        before = self.pick([v for v in inside if v != video])
        if not video:
            return
        if video not in videos:
            s.collection.video_add(collection, video, before)
        elif self.r.random() < 0.3:
            s.collection.video_drop(collection, video)
            videos.remove(video)
            return
        else:
            s.collection.video_move(collection, video, before)
            videos.remove(video)
        videos.insert(videos.index(before) if before else len(videos), video)

    def open_again(self, *_):
        which = self.r.randrange(2)
        self.close(which)
        self.open(which)

    # --- what must hold ---

    def check(self, s, owner, _):
        t, m, word, other = self.t, self.m, self.r.choice(WORDS), self.r.choice(WORDS)
        limit = self.r.randint(1, 12)
        t.assertEqual(sorted(m.seen(owner)), sorted(v.id for v in s.video.list(limit=limit)))
        t.assertEqual(sorted(m.own(m.jobs, owner)), sorted(j.id for j in s.job.list(limit=limit)))
        t.assertEqual(sorted(m.holds(owner, word)), sorted(v.id for v in s.video.list(search=word, limit=limit)))
        t.assertEqual(len(m.holds(owner, word)), s.video.count(search=word))
        t.assertEqual(sorted(m.files_of(owner)), sorted(f.id for f in s.file.list(limit=limit)))
        named = [f for f in m.files_of(owner) if folded(word)[0] in folded(m.files[f].title)]
        t.assertEqual(sorted(named), sorted(f.id for f in s.file.list(search=word, limit=limit)))
        left = m.holds(owner, word) - m.holds(owner, other)
        t.assertEqual(sorted(left), sorted(v.id for v in s.video.list(search=f"{word} -{other}", limit=limit)))
        shown = [v for v in m.collections[owner] if v in m.seen(owner)]
        page = s.collection.videos(self.collections[owner], limit=limit)
        t.assertEqual(shown, [v.id for v in page])
        t.assertEqual(m.submitted[owner], sum(day["jobs"] for day in s.quota.usage(self.users[owner], 3)))

    def check_all(self):
        for which in range(2):
            for owner, session in enumerate(self.sessions[which]):
                self.check(session, owner, None)
        found = self.systems[0].doctor(True)
        self.t.assertEqual([], [c for c in found["checks"] if c["name"] in SOUND and c["verdict"] != "ok"])
        self.t.assertEqual("ok", self.systems[0].audit.verify(None)["verdict"])
        self.close(0)
        self.close(1)


class Nothing:
    def __enter__(self):
        return None

    def __exit__(self, *_):
        return False


STEP = [(Run.create_video, 24), (Run.rename_video, 10), (Run.remove_video, 7), (Run.restore_video, 4),
        (Run.purge_video, 3), (Run.submit_jobs, 6), (Run.transaction, 6), (Run.work, 4), (Run.remove_job, 4),
        (Run.grant, 6), (Run.revoke, 3), (Run.collect, 12), (Run.put_file, 8),
        (Run.remove_file, 5), (Run.open_or_close_file, 3), (Run.maintain, 1), (Run.open_again, 1), (Run.check, 10)]


class RandomCalls(unittest.TestCase):
    def test_runs(self):
        for seed in SEEDS:
            run = Run(self, seed)
            for number in range(STEPS):
                step = run.r.choices([s for s, _ in STEP], [often for _, often in STEP])[0]
                which, owner = run.r.randrange(2), run.r.randrange(3)
                with self.subTest(seed=seed, number=number, step=step.__name__):
                    step(run, run.sessions[which][owner], owner, run.systems[which])
            run.check_all()


if __name__ == "__main__":
    counted.main()
