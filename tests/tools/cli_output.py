# SPDX-License-Identifier: MIT
"""The command vidstore from outside: what is shown: harmless text, JSON, tables, pipes, terminals.

usage: cli_output.py VIDSTORE [TEST…]      with the source tree in VIDSTORE_SOURCE_ROOT
"""
import json
import subprocess
import sys
import time

from cli_case import Case, columns_of, FAILURE, NOT_FOUND, OK, on_terminal, PROGRAM, write_wav, main


class Output(Case):
    TRAP = "A\u202egnp\u009b31m wide 日本語のタイトル e\u0301"

    def setUp(self):
        super().setUp()
        self.run_command("init")

    def trapped(self):
        self.run_command("ingest", "--title", self.TRAP.replace("\u009b", ""), self.wav())
        return self.json("ls")["items"][0]

    def test_nothing_steers_the_terminal(self):
        video = self.trapped()
        for said in (self.text("ls"), self.text("show", video["id"]), self.text("audit")):
            self.assertNotIn("\u202e", said)
            self.assertNotIn("\x1b", said)
        self.assertIn("\\u202e", self.text("ls"))

    def test_file_names_with_escapes(self):
        name = self.path("evil\x1b[2J\n\x9b.wav")
        write_wav(name)
        said = self.text("ingest", name)
        self.assertNotIn("\x1b", said)
        self.assertIn("\\x1b", said)
        missing = self.error("ingest", self.path("\x1b[31m"), expect=NOT_FOUND)
        self.assertNotIn("\x1b", missing)
        self.assertEqual(missing.count("\n"), 1)

    def test_json_stays_the_same_when_escaped(self):
        self.trapped()
        said = self.text("--json", "ls")
        self.assertNotIn("\u202e", said)
        self.assertEqual(json.loads(said)["items"][0]["title"], self.TRAP.replace("\u009b", ""))

    def test_no_colours_in_a_pipe(self):
        self.trapped()
        for command in (["ls"], ["jobs"], ["config"], ["doctor"], ["help"]):
            self.assertNotIn("\x1b", self.text(*command))
        self.assertIn("\x1b[", self.text("ls", "--color", "always"))

    def test_colours_on_a_terminal_unless_unwanted(self):
        self.trapped()
        command = ["-s", self.store, "ls"]
        self.assertIn("\x1b[", on_terminal(command)[1])
        self.assertNotIn("\x1b[", on_terminal(command, environment={"NO_COLOR": "1"})[1])
        self.assertIn("\x1b[", on_terminal(command, environment={"NO_COLOR": ""})[1])
        self.assertNotIn("\x1b[", on_terminal(command, environment={"TERM": "dumb"})[1])

    def test_tables_fit_the_terminal(self):
        self.trapped()
        for width in (20, 60, 80, 132):
            code, shown = on_terminal(["-s", self.store, "ls"], columns=width, environment={"NO_COLOR": "1"})
            self.assertEqual(code, OK)
            for line in shown.splitlines():
                self.assertLessEqual(columns_of(line), width, f"{width}: {line!r}")

    def test_ids_are_whole_in_a_pipe_and_enough_on_a_terminal(self):
        video = self.trapped()
        self.assertIn(video["id"], self.text("ls"))
        code, shown = on_terminal(["-s", self.store, "ls"], environment={"NO_COLOR": "1"})
        self.assertIn(video["id"][-12:], shown)
        self.assertNotIn(video["id"], shown)
        self.assertEqual(self.json("show", video["id"][-12:])["id"], video["id"])
        self.run_command("show", video["id"][-7:], expect=NOT_FOUND)

    def test_a_reader_that_leaves(self):
        self.run_command("seed", "--users", "500")
        reader = subprocess.Popen([PROGRAM, "user", "ls", "--all"], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                  env=self.environment)
        reader.stdout.readline()
        reader.stdout.close()
        said = reader.stderr.read()
        reader.stderr.close()
        reader.wait()
        self.assertEqual(said, b"")

    def test_a_full_disk_behind_the_output(self):
        with open("/dev/full", "w") as full:
            done = subprocess.run([PROGRAM, "config"], stdout=full, stderr=subprocess.PIPE, env=self.environment)
        self.assertEqual(done.returncode, FAILURE)
        self.assertIn(b"(IO)", done.stderr)

    def test_times(self):
        self.trapped()
        created = self.json("ls")["items"][0]["created"] // 1000000
        self.assertIn(time.strftime("%Y-%m-%d %H:%M:%SZ", time.gmtime(created)), self.text("audit", "--utc"))
        self.environment["TZ"] = "XYZ-3"
        self.assertIn(time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(created + 3 * 3600)), self.text("audit"))

    def test_json_of_every_reading_command(self):
        video = self.trapped()
        job = self.json("submit", "http://127.0.0.1:1/x")["id"]
        self.run_command("user", "add", "lena")
        for command in (["ls"], ["files"], ["files", "--duplicates"], ["jobs"], ["jobs", "show", job], ["user"],
                        ["jobs", "history", job], ["user", "show", "lena"], ["audit"], ["audit", "stats"], ["stats"],
                        ["stats", "--user", "lena"], ["grant"], ["link"], ["collection"], ["quota", "show", "lena"],
                        ["quota", "usage", "lena"], ["config"], ["config", "job.lease_ms"], ["doctor"], ["version"],
                        ["show", video["id"]], ["show", "--streams", video["id"]], ["search", "wide"],
                        ["search", "--facets", "wide"], ["search", "kind:download_only", "jobs"], ["ls", "--facets"],
                        ["maintain", "--dry-run"], ["ls", "--count"], ["ls", "--duplicates"], ["verify", video["id"]],
                        ["init"]):
            with self.subTest(command):
                self.assertIsInstance(self.json(*command), (dict, list))


if __name__ == "__main__":
    sys.exit(main())
