# SPDX-License-Identifier: MIT
"""The independent verifier accepts an honest export and refuses each tampered one.

usage: tampered.py VIDSTORE
"""
import hashlib
import json
import os
import subprocess
import sys
import tempfile
import unittest

import verify_export

TOOL = os.path.abspath(sys.argv.pop(1))


def run(*arguments, **more):
    return subprocess.run([TOOL, *arguments], check=True, stdout=subprocess.PIPE, text=True, **more).stdout


def sealed(lines):
    """The lines with a trailer that fits them again, as whoever tampers would write it."""
    trailer = json.loads(lines[-1])
    trailer["events"] = sum(line.startswith('{"type":"event"') for line in lines)
    trailer["sha256"] = hashlib.sha256("".join(lines[:-1]).encode()).hexdigest()
    return lines[:-1] + [json.dumps(trailer) + "\n"]


class Exports(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.store = os.path.join(cls.folder.name, "store")
        key = os.path.join(cls.folder.name, "key")
        with open(key, "w", encoding="ascii") as file:
            file.write("11" * 32 + "\n")
        environment = dict(os.environ, VIDSTORE_AUDIT_KEY=key, VIDSTORE_STORE=cls.store)
        run("init", env=environment)
        run("seed", "--users", "3", "--jobs", "30", "--videos", "10", env=environment)
        for i in range(10):
            run("submit", f"https://media.example.org/{i}.mp4", env=environment)
        cls.anchor = run("audit", "checkpoint", env=environment)
        run("user", "add", "mallory", env=environment)
        run("config", "job.lease_ms", "1500", env=environment)
        path = os.path.join(cls.folder.name, "export")
        run("audit", "export", "-o", path, env=environment)
        with open(path, encoding="utf-8") as file:
            cls.lines = file.readlines()

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def check(self, lines, anchor=None):
        path = os.path.join(self.folder.name, "tampered")
        with open(path, "w", encoding="utf-8") as file:
            file.writelines(lines)
        return verify_export.check(path, anchor)

    def refuses(self, lines, anchor=None):
        for version in (lines, sealed(lines)):
            self.assertNotEqual(self.check(version, anchor), [])

    def where(self, kind):
        return [i for i, line in enumerate(self.lines) if json.loads(line)["type"] == kind]

    def changed(self, index, **values):
        it = json.loads(self.lines[index])
        it.update(values)
        return self.lines[:index] + [json.dumps(it) + "\n"] + self.lines[index + 1:]

    def test_an_honest_one_is_accepted(self):
        self.assertEqual(self.check(self.lines), [])
        self.assertEqual(self.check(self.lines, self.anchor), [])

    def test_every_field_of_an_event(self):
        index = self.where("event")[5]
        event = json.loads(self.lines[index])
        for _, kind, name in verify_export.CORE + verify_export.ACTOR + verify_export.OBJECT:
            for other in ({"int": [0, 9, 1 << 60], "text": ["x", None, ""],
                           "uuid": ["00112233-4455-6677-8899-aabbccddeeff", None]}[kind]):
                if other != event[name]:
                    self.refuses(self.changed(index, **{name: other}))
        for name in ("hash", "actor_salt", "object_salt"):
            for other in ("00" * 32, "00" * 16, None, ""):
                self.refuses(self.changed(index, **{name: other}))
        self.refuses(self.changed(index, chain="system"))

    def test_an_erasure_that_was_none(self):
        """A part that is blank, with its right hash in the salt's place."""
        for index in self.where("event"):
            event = json.loads(self.lines[index])
            for fields, salt in ((verify_export.ACTOR, "actor_salt"), (verify_export.OBJECT, "object_salt")):
                if event[salt] and event["action"] == 112:
                    left = verify_export.commitment(fields, event, event[salt]).hex()
                    blank = {name: None for _, _, name in fields}
                    self.refuses(self.changed(index, **{salt: left}, **blank))

    def test_lines_taken_out_put_in_swapped_and_doubled(self):
        events = self.where("event")
        for i in (events[0], events[7], events[-1]):
            self.refuses(self.lines[:i] + self.lines[i + 1:])
            self.refuses(self.lines[:i] + [self.lines[i]] + self.lines[i:])
        a, b = events[3], events[4]
        swapped = list(self.lines)
        swapped[a], swapped[b] = swapped[b], swapped[a]
        self.assertNotEqual(self.check(swapped), [])

    def test_a_cut_end(self):
        for count in (1, 2, 10, len(self.lines) - 1):
            self.assertNotEqual(self.check(self.lines[:-count]), [])
        end = self.where("event")[-3:]
        self.refuses([line for i, line in enumerate(self.lines) if i not in end])

    def test_checkpoints(self):
        for i in self.where("checkpoint"):
            text = json.loads(self.lines[i])["text"]
            self.refuses(self.changed(i, text=text.replace("number ", "number 1")))
            self.refuses(self.changed(i, text=text.split("signature")[0]))
            self.refuses(self.changed(i, text=text.replace("kind ", "kind x")))
        first = self.where("checkpoint")[0]
        self.refuses(self.lines[:first] + self.lines[first + 1:])

    def test_the_anchor(self):
        self.assertNotEqual(self.check(self.lines, self.anchor.replace("time_us 1", "time_us 2")), [])
        self.assertNotEqual(self.check(self.lines, self.anchor.split("signature")[0]), [])
        none = [line for line in self.lines if not line.startswith('{"type":"checkpoint"')]
        self.assertNotEqual(self.check(sealed(none), self.anchor), [])

    def test_forged_lines(self):
        self.refuses(self.lines[:3] + ["not json\n"] + self.lines[3:])
        self.refuses(self.lines[:3] + ['{"type":"note"}\n'] + self.lines[3:])
        self.refuses(self.lines[:3] + [self.lines[0]] + self.lines[3:])
        self.assertNotEqual(self.check(self.lines + [self.lines[5]]), [])

    def test_the_header(self):
        header = json.loads(self.lines[0])
        for name in header["chains"]:
            for field, value in (("id", "00" * 16), ("created_us", 1), ("format", 2), ("number", 2)):
                if header["chains"][name][field] != value:
                    chains = dict(header["chains"], **{name: dict(header["chains"][name], **{field: value})})
                    self.refuses(self.changed(0, chains=chains))
        self.refuses(self.changed(0, complete=False))
        self.refuses(self.changed(0, store="00112233-4455-6677-8899-aabbccddeeff"))


class Attack53Archive(unittest.TestCase):
    """What was exported before it was pruned is proved by what the store keeps of it."""

    def test_an_archive_outlives_the_events(self):
        with tempfile.TemporaryDirectory() as folder:
            environment = dict(os.environ, VIDSTORE_STORE=os.path.join(folder, "store"))
            run("init", env=environment)
            event = {"name": "audit.record", "args": {"noun": "host", "description": "an event"}}
            for _ in range(6):
                run("call", "batch", json.dumps({"items_json": [event] * 700}), env=environment)
            anchor = run("audit", "checkpoint", env=environment)
            archive, after = os.path.join(folder, "archive"), os.path.join(folder, "after")
            run("audit", "export", "-o", archive, env=environment)
            self.assertEqual("4096 events removed\n", run("audit", "prune", "--older-than", "0s", env=environment))
            later = run("audit", "checkpoint", env=environment)
            run("audit", "export", "-o", after, env=environment)
            self.assertEqual([], verify_export.check(archive, anchor))
            self.assertEqual([], verify_export.check(after, anchor))
            self.assertEqual([], verify_export.check(after, later))
            roots = []
            for path in (archive, after):
                with open(path, encoding="utf-8") as file:
                    segments = [json.loads(line) for line in file if line.startswith('{"type":"segment"')]
                roots.append([(it["chain"], it["segment"], it["root"], it["before"], it["last"]) for it in segments])
            self.assertEqual(1, len(roots[0]))
            self.assertEqual(roots[0], roots[1])


if __name__ == "__main__":
    unittest.main()
