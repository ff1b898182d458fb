# SPDX-License-Identifier: MIT
"""The command vidstore from outside: backup, doctor, settings, audit, watch, sql.

usage: cli_upkeep.py VIDSTORE [TEST…]      with the source tree in VIDSTORE_SOURCE_ROOT
"""
import json
import os
import signal
import subprocess
import sys
import time

from cli_case import Case, INTERRUPTED, INVALID, NOT_FOUND, PROGRAM, REFUSED, USAGE, main


class Upkeep(Case):
    def setUp(self):
        super().setUp()
        self.run_command("init")

    def test_backup_and_restore(self):
        self.run_command("ingest", self.wav())
        self.run_command("collection", "create", "One")
        copied = self.json("backup", self.path("backup"))["records"]
        self.assertEqual((1, 1), (copied["videos"], copied["collections"]))
        self.error("backup", self.path("backup"), expect=REFUSED)
        self.assertRegex(self.text("restore", self.path("backup"), self.path("again")), r"collections +1\n")
        self.error("restore", self.path("backup"), self.path("again"), expect=REFUSED)
        self.error("restore", self.path("nothing"), self.path("third"), expect=NOT_FOUND)
        before, after = self.json("ls"), self.json("-s", self.path("again"), "ls")
        self.assertEqual([v["id"] for v in before["items"]], [v["id"] for v in after["items"]])
        self.run_command("-s", self.path("again"), "verify", after["items"][0]["id"])

    def test_a_backup_is_only_read(self):
        self.run_command("ingest", self.wav())
        self.run_command("backup", self.path("backup"))
        self.assertEqual(1, len(self.json("-s", self.path("backup"), "ls")["items"]))
        self.assertEqual("ok", self.json("-s", self.path("backup"), "doctor")["verdict"])
        self.error("-s", self.path("backup"), "config", "fetch.tries", "3", expect=REFUSED)
        self.assertTrue(os.path.exists(os.path.join(self.path("backup"), "BACKUP")))
        self.run_command("restore", self.path("backup"), self.path("again"))

    def test_a_name_is_known_by_its_beginning(self):
        self.run_command("call", "video.create", '{"params": {"title": "The harbour", "file_name": "a.avi"}}')
        self.assertIn("The harbour", self.text("show", "the harb"))
        for text in ("harb", "avi"):
            self.error("show", text, expect=NOT_FOUND)

    def test_duplicates_are_of_all(self):
        for option in (["-f", "year = 1"], ["--sort", "created"], ["--count"], ["-u", "nobody"]):
            self.error("ls", "--duplicates", *option, expect=USAGE)

    def test_output_that_goes_nowhere(self):
        with open("/dev/full", "w", encoding="utf-8") as full:
            done = subprocess.run([PROGRAM, "--json", "ls"], stdout=full, stderr=subprocess.PIPE, check=False,
                                  env=self.environment)
        self.assertEqual(1, done.returncode)
        self.assertIn(b"No space left", done.stderr)

    def test_doctor_and_maintain(self):
        self.assertEqual(self.json("doctor", "--full")["verdict"], "ok")
        self.assertIn("ok", self.text("doctor"))
        self.json("maintain", "--dry-run")
        self.json("maintain", "--budget", "1s")

    def test_settings(self):
        self.run_command("config", "job.lease_ms", "1500")
        self.assertEqual(self.text("config", "job.lease_ms"), "1500\n")
        self.run_command("config", "job.lease_ms", "--reset")
        self.assertEqual(self.text("config", "job.lease_ms"), "30000\n")
        self.assertIn("field", self.error("config", "job.lease_ms", "soon", expect=INVALID))
        self.error("config", "no.such", expect=NOT_FOUND)

    def test_audit(self):
        self.run_command("user", "add", "lena")
        self.run_command("config", "job.lease_ms", "1500")
        page = self.json("audit", "--action", "config_changed")
        self.assertEqual([event["object_name"] for event in page["items"]], ["job.lease_ms"])
        self.assertTrue(page["items"][0]["actor_name"].startswith("cli:"))
        everything = self.json("audit", "--count")["count"]
        self.assertEqual(self.json("audit", "--since", "1h", "--count")["count"], everything)
        part = [json.loads(line) for line in self.text("audit", "export", "--since", "1h").splitlines()]
        self.assertEqual(len(part) - 2, self.json("audit", "--count")["count"])
        self.assertLess(part[1]["created"], part[-2]["created"])
        self.run_command("audit", "export", "-o", self.path("audit.jsonl"))
        checker = os.path.join(os.path.dirname(__file__), "..", "audit", "verify_export.py")
        subprocess.run([sys.executable, checker, self.path("audit.jsonl")], check=True, stdout=subprocess.DEVNULL)
        self.error("audit", "export", "-o", self.path("audit.jsonl"), expect=REFUSED)
        self.error("audit", "list", "--since", "soon", expect=USAGE)

    def test_alerts(self):
        self.run_command("user", "add", "lena")
        job = self.json("submit", "https://example.com/a.mp4")["id"]
        for _ in range(4):
            self.error("--as", "lena", "jobs", "show", job, expect=NOT_FOUND)
        self.run_command("maintain")
        self.assertEqual(self.json("audit", "alerts")["items"], [])
        self.error("--as", "lena", "jobs", "show", job, expect=NOT_FOUND)
        self.run_command("maintain")
        self.assertEqual([alert["object_name"] for alert in self.json("audit", "alerts")["items"]], ["denied"])
        self.assertIn("refusals: 5", self.text("audit", "alerts", "--since", "1h"))
        told = self.text("--json", "watch", "--since", "start", "--drain").splitlines()
        self.assertEqual([json.loads(line)["noun"] for line in told].count("alert"), 1)

    def test_what_is_done_is_said_as_json(self):
        """A command that only does something prints an object all the same."""
        lena = self.json("user", "add", "lena")["id"]
        key = self.json("key", "create", "--scopes", "read", "--user", "lena", "a")["id"]
        self.assertEqual(self.json("key", "revoke", key), {"id": key, "revoked": True})
        quotas = self.json("quota", "set", "lena", "bytes=1K")
        self.assertEqual((quotas["user_id"], quotas["bytes"]["limit"]), (lena, 1024))
        self.assertEqual(self.json("audit", "canary", lena), {"id": lena, "canary": True})
        self.assertEqual(self.json("login", "revoke", "--user", "lena"), {"revoked": 0})
        self.assertEqual(self.json("config", "fetch.tries"), {"name": "fetch.tries", "value": 5})
        self.assertEqual(self.json("config", "fetch.tries", "3"), {"name": "fetch.tries", "value": 3})
        video = self.json("ingest", self.wav())
        path = self.json("get", "--path", video["source_file_id"])
        self.assertEqual(path["id"], video["source_file_id"])
        self.assertTrue(os.path.exists(path["path"]))
        self.assertEqual(self.json("rm", "--cascade", video["id"]), {"id": video["id"], "removed": True})

    def test_words_of_a_field(self):
        self.assertIn("it has scheduled, ready,", self.error("jobs", "--state", "pending", expect=INVALID))
        self.assertIn("action has no such word at", self.error("audit", "list", "--scan", "-f", "action = x",
                                                               expect=INVALID))

    def test_canaries(self):
        self.run_command("user", "add", "lena")
        job = self.json("submit", "https://example.com/a.mp4")["id"]
        self.assertEqual(self.json("audit", "canary"), [])
        self.run_command("audit", "canary", job)
        self.run_command("audit", "canary", "lena")
        self.assertEqual(sorted(canary["noun"] for canary in self.json("audit", "canary")), ["job", "user"])
        self.assertIn(job, self.text("audit", "canary"))
        self.run_command("maintain")
        self.assertEqual(self.json("audit", "alerts")["items"], [])
        self.error("--as", "lena", "jobs", "show", job, expect=NOT_FOUND)
        self.run_command("maintain")
        alert, = self.json("audit", "alerts")["items"]
        self.assertEqual(alert["object_name"], "canary")
        self.assertEqual(alert["description"], f"canary touched: job {job}, 1 time")
        self.assertEqual(self.json("audit", "canary", "--off", job), {"id": job, "canary": False})
        self.error("audit", "canary", "--off", job, expect=NOT_FOUND)
        self.error("audit", "canary", "--off", expect=USAGE)

    def test_watch(self):
        self.run_command("user", "add", "lena")
        job = self.json("submit", "https://example.com/a.mp4")
        lines = [json.loads(line) for line in self.text("--json", "watch", "--since", "start", "--drain").splitlines()]
        self.assertEqual([(e["noun"], e["kind"]) for e in lines[:2]], [("user", "created"), ("job", "created")])
        self.assertTrue(job)
        rest = self.text("--json", "watch", "--since", lines[0]["position"], "--drain", "--noun", "job").splitlines()
        self.assertEqual([json.loads(line) for line in rest], [e for e in lines[1:] if e["noun"] == "job"])
        self.assertEqual(self.text("watch", "--drain"), "")
        self.assertEqual(self.text("watch", "--since", "start", "--drain", "--user", "lena").count("\n"), 1)
        self.error("watch", "--since", "nowhere", expect=INVALID)
        self.error("watch", "--noun", "nothing", expect=INVALID)
        self.run_command("config", "login.idle_minutes", "12")
        named = self.text("--json", "watch", "--since", "start", "--drain", "--name", "login.idle_minutes")
        self.assertEqual([json.loads(line)["noun"] for line in named.splitlines()], ["setting"])
        self.error("watch", "--user", "nobody", expect=NOT_FOUND)

    def test_watch_follows_until_it_is_stopped(self):
        watch = subprocess.Popen([PROGRAM, "--json", "watch", "--noun", "user"], stdout=subprocess.PIPE,
                                 stderr=subprocess.DEVNULL, env=self.environment)
        self.addCleanup(watch.stdout.close)
        time.sleep(0.5)
        self.run_command("user", "add", "lena")
        self.assertEqual(json.loads(watch.stdout.readline())["kind"], "created")
        watch.send_signal(signal.SIGINT)
        self.assertEqual(watch.wait(10), INTERRUPTED)

    def test_sql(self):
        self.run_command("user", "add", "lena")
        self.assertIn("lena", self.text("sql", "SELECT username, role FROM v_users WHERE role = ?", "user"))
        answer = self.json("sql", "SELECT ?, ?, ?", "1", "one", '{"blob": "00"}')
        self.assertEqual(answer["rows"], [[1, "one", {"blob": "00"}]])
        self.assertTrue(self.json("sql", "-n", "1", "VALUES (1), (2)")["truncated"])
        self.error("sql", "SELECT * FROM users", expect=REFUSED)
        self.error("--as", "lena", "sql", "SELECT 1", expect=REFUSED)
        self.error("sql", "SELEC", expect=INVALID)
        self.error("sql", "-w", "DELETE FROM app_nothing", expect=INVALID)
        self.error("sql", "SELECT ?", expect=INVALID)

    def test_seed(self):
        self.run_command("seed", "--users", "20", "--jobs", "30", "--videos", "40", "--files", "10")
        counts = [self.json(*noun, "--count")["count"] for noun in (["user", "ls"], ["jobs"], ["ls"], ["files"])]
        self.assertEqual(counts, [20, 30, 70, 10])
        self.error("seed", "--users", "1", expect=REFUSED)
        self.run_command("seed", "--users", "1", "--seed", "2")
        self.error("seed", expect=USAGE)


if __name__ == "__main__":
    sys.exit(main())
