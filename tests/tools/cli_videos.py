# SPDX-License-Identifier: MIT
"""The command vidstore from outside: ingest, probe, fetch, verify, search.

usage: cli_videos.py VIDSTORE [TEST…]      with the source tree in VIDSTORE_SOURCE_ROOT
"""
import hashlib
import json
import os
import signal
import sqlite3
import struct
import subprocess
import sys
import time

from cli_case import (
    BUSY, Case, FAILURE, INVALID, MEDIA, NOBODY, NOT_FOUND, PROGRAM, REFUSED, Server, USAGE, write_wav, main)


class Videos(Case):
    def setUp(self):
        super().setUp()
        self.run_command("init")

    def test_ingest_and_get(self):
        path = self.wav("tone.wav", 2)
        video = self.json("ingest", path, "--series", "Tones", "--episode", "7")
        self.assertEqual((video["title"], video["episode"], video["probe_status"]), ("tone", 7, "ok"))
        self.assertEqual(video["duration"], 2000000)
        self.assertRegex(self.text("show", video["id"]), r"Audio\n(  .*\n)*  streams +1\nSubtitles\n  streams +0\n")
        file = self.json("show", video["source_file_id"])
        content = open(path, "rb").read()
        self.assertEqual((file["size"], file["sha256"]), (len(content), hashlib.sha256(content).hexdigest()))
        self.assertEqual(file["video_id"], video["id"])
        self.run_command("get", file["id"], "-o", self.path("copy"))
        self.assertEqual(open(self.path("copy"), "rb").read(), content)
        self.error("get", file["id"], "-o", self.path("copy"), expect=REFUSED)
        self.assertEqual(self.run_command("get", video["id"], "-o", "-").stdout, content)
        self.assertEqual(open(self.text("get", video["id"], "--path").strip(), "rb").read(), content)

    def test_what_is_no_media_is_refused(self):
        with open(self.path("notes.mp4"), "w") as file:
            file.write("#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n")
        self.assertIn("MEDIA", self.error("ingest", self.path("notes.mp4"), expect=MEDIA))
        self.assertEqual(self.json("ls")["items"], [])
        kept = self.run_command("ingest", "--keep", self.path("notes.mp4"), expect=MEDIA)
        video = self.json("ls")["items"][0]
        self.assertNotEqual(video["probe_status"], "ok")
        self.assertTrue(kept.stdout.decode().startswith(video["id"]), kept.stdout)
        said = json.loads(self.run_command("--json", "ingest", "--keep", self.path("notes.mp4"), expect=MEDIA).stdout)
        self.assertEqual(said["probe_status"], "not_media")

    def test_stored_but_not_probed(self):
        self.environment["VIDSTORE_PROBE_HELPER"] = self.path("nothing")
        done = self.run_command("ingest", self.wav(), expect=BUSY)
        video = self.json("ls")["items"][0]
        self.assertTrue(done.stdout.decode().startswith(video["id"]), done.stdout)
        self.assertIn(f"`vidstore probe {video['id']}`", done.stderr.decode())

    def test_probe_of_files(self):
        tone, text, nothing = self.wav(), self.path("words.txt"), self.path("nothing")
        self.environment["VIDSTORE_STORE"] = self.path("no store")
        with open(text, "w", encoding="utf-8") as file:
            file.write("It was the best of times.\n" * 50)
        sheet = self.text("probe", tone)
        self.assertIn("pcm_s16le", sheet)
        self.assertIn("8000 Hz", sheet)
        found = self.json("probe", tone)
        self.assertEqual((found["path"], found["container"]["status"], found["streams"][0]["codec"]),
                         (tone, "ok", "pcm_s16le"))
        self.assertTrue(found["container"]["isolation"].startswith("fork rlimits seccomp"))
        self.assertTrue(self.json("probe", "--warm", tone)["container"]["isolation"].startswith("warm "))
        # the worst of all files is the code, and each is said in its place
        lines = self.text("probe", tone, text, tone, expect=MEDIA).splitlines()
        self.assertEqual([line.split()[0] for line in lines], [tone, text, tone])
        self.assertIn("not_media", lines[1])
        self.assertIn("nothing", self.error("probe", nothing, expect=NOT_FOUND))
        done = self.run_command("probe", tone, nothing, tone, expect=NOT_FOUND)
        self.assertEqual(len(done.stdout.splitlines()), 2)
        self.assertIn("NOT_FOUND", done.stderr.decode())
        self.error("probe", tone, NOBODY, expect=USAGE)
        self.error("probe", "--parallel", "0", tone, expect=USAGE)
        self.error("probe", "--warm", NOBODY, expect=USAGE)
        self.assertFalse(os.path.exists(self.path("no store")), "probe made a store")

    def test_probe_of_a_tree(self):
        os.makedirs(self.path("tree/deep/er"))
        for n in range(40):
            write_wav(self.path(f"tree/{'deep/er/' if n % 2 else ''}{n:02}.wav"), 1, 8000 + n)
        os.mkfifo(self.path("tree/pipe"))
        os.symlink("/etc", self.path("tree/elsewhere"))
        lines = self.text("--json", "probe", "-P", "3", self.path("tree")).splitlines()
        found = [json.loads(line) for line in lines]
        paths = [f["path"] for f in found]
        self.assertEqual((len(paths), paths), (40, sorted(paths)))
        for f in found:
            self.assertEqual(f["streams"][0]["sample_rate"], 8000 + int(os.path.basename(f["path"])[:2]))
        self.assertEqual(len(self.text("probe", self.path("tree")).splitlines()), 40)
        os.makedirs(self.path("empty"))
        self.error("probe", self.path("empty"), expect=NOT_FOUND)

    def test_probe_of_what_is_not_there(self):
        tone = self.wav()
        for store in (self.environment["VIDSTORE_STORE"], self.path("no store")):
            self.environment["VIDSTORE_STORE"] = store
            self.assertIn('no file', self.error("probe", "nothere.mp4", expect=NOT_FOUND))
            self.assertIn('"nothere.mp4"', self.error("probe", tone, "nothere.mp4", expect=NOT_FOUND))

    def test_reprobe(self):
        ids = [self.json("ingest", self.wav(f"{n}.wav", n + 1))["id"] for n in range(3)]
        self.assertEqual(self.json("reprobe")["probed"], 0)
        connection = sqlite3.connect(os.path.join(self.store, "store.db"))
        connection.execute("UPDATE videos SET prober = 'older'")
        connection.commit()
        connection.close()
        self.assertEqual(sorted(self.text("reprobe", "-n").split()), sorted(ids))
        done = self.json("reprobe")
        self.assertEqual((done["probed"], done["failed"]), (3, 0))
        self.assertEqual({v["prober"] for v in self.json("ls")["items"]}, {done["prober"]})
        self.assertEqual(self.json("reprobe")["probed"], 0)
        # The same libraries, but from before a fact was added: its column is empty, and its answers are not reused.
        libraries, facts = done["prober"].rsplit(", facts ", 1)
        self.assertGreaterEqual(int(facts), 2)
        connection = sqlite3.connect(os.path.join(self.store, "store.db"))
        connection.execute("UPDATE videos SET prober = ?, audio_streams = NULL", (libraries,))
        connection.execute("UPDATE probes SET prober = ?", (libraries,))
        connection.commit()
        connection.close()
        self.assertEqual(self.json("reprobe")["probed"], 3)
        self.assertEqual({v["audio_streams"] for v in self.json("ls")["items"]}, {1})

    def test_a_truncated_file_is_called_so(self):
        path = self.path("cut.mp4")
        with open(path, "wb") as file:  # the media data is announced, the index that should follow is not there
            file.write(struct.pack(">I4s4sI4s", 20, b"ftyp", b"isom", 0, b"isom") + struct.pack(">I4s", 9000, b"mdat"))
            file.write(bytes(4000))
        self.assertIn("truncated", self.text("ingest", path))
        self.assertNotIn("truncated", self.text("ingest", self.wav()))

    def test_advice_after_a_failed_fetch(self):
        self.assertNotIn("goes on", self.error("ingest", "http://127.0.0.1:1/x", expect=REFUSED))
        self.run_command("config", "fetch.allow_private", "on")
        self.run_command("config", "fetch.tries", "1")
        self.assertIn("goes on", self.error("ingest", "http://127.0.0.1:1/x", expect=BUSY))
        os.mkdir(self.path("www"))
        server = Server(self.path("www"))
        self.addCleanup(server.stop)
        self.assertNotIn("goes on", self.error("ingest", server.base + "/gone", expect=NOT_FOUND))
        self.assertEqual(self.json("ls", "--count")["count"], 1)  # only what a later try may mend has stayed

    def test_a_file_size_limit_is_an_error_not_a_death(self):
        path = self.wav(seconds=10)
        done = subprocess.run(["sh", "-c", 'ulimit -f 100; exec "$0" ingest "$1"', PROGRAM, path],
                              capture_output=True, env=self.environment, timeout=60)
        self.assertEqual(done.returncode, FAILURE, done.stderr)
        self.assertEqual(self.json("ls")["items"], [])

    def test_the_database_is_no_source_and_keeps_its_locks(self):
        """Closing any descriptor of the database drops the locks by which other processes know that we are at it."""
        with open(self.path("big.bin"), "wb") as big:
            big.truncate(512 << 20)
        for name in ("store.db", "store.db-shm"):
            mine = os.path.join(self.store, name)
            with subprocess.Popen([PROGRAM, "ingest", self.wav(), mine, self.path("missing"), self.path("big.bin")],
                                  env=self.environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as child:
                refused, missing = child.stderr.readline().decode(), child.stderr.readline().decode()
                child.send_signal(signal.SIGSTOP)
                with open("/proc/locks", encoding="ascii") as file:
                    held = [line.split() for line in file if "->" not in line]
                inodes = [row[5].split(":")[2] for row in held if int(row[4]) == child.pid]
                child.kill()
            self.assertIn("INVALID", refused)
            self.assertIn("NOT_FOUND", missing)
            for locked in ("store.db", "store.db-shm"):
                self.assertIn(str(os.stat(os.path.join(self.store, locked)).st_ino), inodes, f"{name} cost {locked}")

    def test_what_can_not_be_taken_in_whole(self):
        os.mkfifo(self.path("fifo"))
        for path in (self.folder, self.path("fifo"), "/dev/null"):
            self.assertIn("INVALID", self.error("ingest", path, expect=INVALID))
        with open(self.path("growing"), "wb") as growing:
            growing.truncate(256 << 20)
            with subprocess.Popen([PROGRAM, "ingest", "--keep", self.path("growing")], env=self.environment,
                                  stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as child:
                while child.poll() is None:
                    growing.seek(0, os.SEEK_END)
                    growing.write(b"more")
                    growing.flush()
                    time.sleep(0.005)
                self.assertIn(b"changed while it was read", child.stderr.read())
                self.assertEqual(child.returncode, FAILURE)
        self.assertEqual(self.json("ls")["items"], [])
        self.assertEqual(self.json("files")["items"], [])

    def test_one_bad_file_keeps_nobody_out(self):
        self.error("ingest", self.path("missing.wav"), self.folder, self.wav(), expect=NOT_FOUND)
        self.assertEqual(len(self.json("ls")["items"]), 1)

    def test_remove_and_undelete(self):
        video = self.json("ingest", self.wav())
        self.assertIn("--cascade", self.error("rm", video["id"], expect=REFUSED))
        self.run_command("rm", "--cascade", video["id"])
        self.error("show", video["id"], expect=NOT_FOUND)
        self.run_command("undelete", video["id"])
        self.assertEqual(self.json("show", video["id"])["id"], video["id"])
        self.assertEqual(len(self.json("files")["items"]), 1)

    def test_damage_is_found(self):
        video = self.json("ingest", self.wav())
        path = self.text("get", video["id"], "--path").strip()
        os.chmod(path, 0o600)
        with open(path, "r+b") as file:
            file.seek(100)
            file.write(b"\xff\xfe")
        self.assertIn("CORRUPT", self.error("verify", video["id"], expect=FAILURE))
        self.assertEqual(json.loads(self.run_command("--json", "verify", "--all", expect=FAILURE).stdout)["damaged"], 1)
        self.assertIn(b"damaged", self.run_command("doctor", "--full", expect=FAILURE).stdout)

    def test_everything_is_verified(self):
        self.run_command("ingest", self.wav("a.wav", 1), self.wav("b.wav", 3))
        report = self.json("verify", "--all")
        self.assertEqual((report["blobs"], report["damaged"], report["found"], report["more"]), (2, 0, [], False))
        self.assertEqual(self.json("verify", "--all", "--since", "1h")["blobs"], 0)
        self.assertEqual(self.json("verify", "--all", "--budget", "1ms", "--since", "1ms")["damaged"], 0)
        self.assertIn("whole", self.text("doctor", "--full"))
        self.error("verify", expect=USAGE)
        self.error("verify", "--all", "x", expect=USAGE)

    def test_search(self):
        self.run_command("ingest", self.wav("a.wav", 1), self.wav("b.wav", 3))
        self.assertEqual([v["title"] for v in self.json("search", "duration>2s")["items"]], ["b"])
        self.assertEqual([v["title"] for v in self.json("search", "duration:500ms..1s")["items"]], ["a"])
        self.assertEqual([v["title"] for v in self.json("search", "title:A")["items"]], ["a"])
        self.assertEqual([v["title"] for v in self.json("search", "--rank", "a OR b")["items"]], ["b", "a"])
        self.assertEqual([v["title"] for v in self.json("search", "media_kind:audio -a")["items"]], ["b"])
        self.assertEqual(self.json("search", "a OR b", "--count")["count"], 2)
        self.assertEqual(self.json("search", "--filter", "title = $1", "--bind", "b", "--count", "--",
                                   "-a")["count"], 1)
        self.assertEqual(len(self.json("search", "a.wav", "files")["items"]), 1)
        self.assertIn("not a number", self.error("search", "duration:x", expect=INVALID))
        self.assertIn("no word", self.error("search", "!!", expect=INVALID))
        self.error("search", "a", "nouns", expect=USAGE)
        self.error("search", "--filter", "title ==", "a", expect=INVALID)
        self.assertIn("at the end of the filter", self.error("ls", "--filter", "title =", expect=INVALID))
        said = self.error("ls", "--filter", "title = a", expect=INVALID)
        self.assertIn("or allow a scan with --scan", said)
        self.assertIn("only by created, size", self.error("files", "--sort", "name", expect=INVALID))
        self.error("ls", "--filter", "nofield = 1", expect=INVALID)

    def test_facets_and_series(self):
        self.run_command("ingest", "--series", "Harbour", "--season", "1", "--episode", "1", self.wav("a.wav", 1),
                         self.wav("b.wav", 3))
        self.run_command("ingest", "--series", "Harbour", "--season", "1", "--episode", "4", self.wav("c.wav", 1))
        facets = self.json("ls", "--facets")
        self.assertEqual((facets["counted"], facets["capped"]), (3, False))
        self.assertEqual(facets["facets"]["media_kind"], [{"value": "audio", "count": 3}])
        self.assertEqual(self.json("search", "--facets", "a")["counted"], 1)
        self.assertIn("audio", self.text("ls", "--facets"))
        self.error("search", "--facets", "a", "files", expect=USAGE)
        season = self.json("series", "Harbour")["seasons"][0]
        self.assertEqual(([e["episode"] for e in season["episodes"]], season["missing"], season["doubled"],
                          season["unprobed"], season["uniform"]), ([1, 2, 4], [3], [], [], True))
        self.assertIn("missing", self.text("series", "Harbour", "--season", "1"))
        self.error("series", "Nothing", expect=NOT_FOUND)

    def test_pages(self):
        self.run_command("seed", "--users", "7")
        seen, cursor = [], []
        while True:
            page = self.json("user", "ls", "--limit", "3", *cursor)
            seen += [user["id"] for user in page["items"]]
            if not page["cursor"]:
                break
            cursor = ["--cursor", page["cursor"]]
        self.assertEqual((len(seen), len(set(seen))), (7, 7))
        rows = self.text("user", "ls", "--limit", "2", "--all").count("@example.org")
        self.assertEqual(rows, 7)


if __name__ == "__main__":
    sys.exit(main())
