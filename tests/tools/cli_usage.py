# SPDX-License-Identifier: MIT
"""The command vidstore from outside: how it is called: usage, names, help, completion, calls by name.

usage: cli_usage.py VIDSTORE [TEST…]      with the source tree in VIDSTORE_SOURCE_ROOT
"""
import hashlib
import json
import os
import re
import subprocess
import sys

from cli_case import Case, columns_of, INVALID, NOBODY, NOT_FOUND, OK, on_terminal, PROGRAM, ROOT, USAGE, main


class Usage(Case):
    def test_wrong_calls_are_usage_errors(self):
        for arguments in (["nothing"], ["ls", "--nothing"], ["ls", "operand"], ["ingest"], ["jobs", "nothing"],
                          ["ls", "--limit"], ["--color", "blue", "version"], ["user", "role", "x"],
                          ["config", "--reset"]):
            with self.subTest(arguments):
                self.run_command("init")
                said = self.error(*arguments, expect=USAGE)
                self.assertEqual(said.count("\n"), 1, said)
                self.assertTrue(said.startswith("vidstore"), said)

    def test_limits_of_numbers(self):
        self.run_command("init")
        for number, code in (("0", USAGE), ("1", OK), ("1000", OK), ("1001", USAGE), ("", USAGE), ("1x", USAGE),
                             ("99999999999999999999", USAGE)):
            with self.subTest(number):
                self.run_command("ls", "--limit", number, expect=code)

    def test_help_of_every_command(self):
        rows = [line.split("\t") for line in self.text("help", "--table").splitlines()]
        commands = [row[1] for row in rows if row[0] == "command"]
        self.assertGreater(len(commands), 30)
        for command in commands:
            said = self.text("help", *command.split())
            self.assertIn(command, said)
            self.assertIn(command, self.text(*command.split(), "--help"))
        for command in ("search", "verify", "link create", ""):
            code, shown = on_terminal(command.split() + ["--help"], environment={"NO_COLOR": "1"})
            self.assertEqual(OK, code)
            for line in shown.splitlines():
                self.assertLessEqual(columns_of(line), 80, line)
            self.assertEqual(self.text(*command.split(), "--help").split(), shown.split())

    def test_no_store(self):
        said = self.error("ls", expect=NOT_FOUND)
        self.assertIn("NOT_FOUND", said)
        self.assertFalse(os.path.exists(self.store))

    def test_foreign_directory_is_left_alone(self):
        os.mkdir(self.store)
        with open(os.path.join(self.store, "store.db"), "w") as file:
            file.write("not a database at all" * 100)
        before = hashlib.sha256(open(os.path.join(self.store, "store.db"), "rb").read()).digest()
        done = subprocess.run([PROGRAM, "ls"], capture_output=True, env=self.environment)
        self.assertNotEqual(done.returncode, 0)
        self.assertEqual(hashlib.sha256(open(os.path.join(self.store, "store.db"), "rb").read()).digest(), before)

    def test_options_before_and_behind(self):
        self.run_command("init")
        self.assertEqual(self.text("--json", "user", "ls"), self.text("user", "ls", "--json"))
        self.environment.pop("VIDSTORE_STORE")
        self.assertEqual(self.text("-s", self.store, "--json", "ls"), self.text("ls", "--json", "--store", self.store))


    def test_a_version_by_option(self):
        said = self.text("version")
        for arguments in (["--version"], ["-V"], ["ls", "--version"]):
            self.assertEqual(self.text(*arguments), said)
        self.assertFalse(os.path.exists(self.store))

    def test_options_that_mean_nothing_are_refused(self):
        self.run_command("init")
        for arguments in (["ingest", "--submit", self.wav()], ["ingest", "-w", self.wav()],
                          ["ingest", "--submit", "--keep", "http://127.0.0.1:1/x"], ["jobs", "--interval", "1s"],
                          ["rm", "--cascade", "--detach", NOBODY]):
            with self.subTest(arguments):
                self.error(*arguments, expect=USAGE)
        self.assertEqual((self.json("ls")["items"], self.json("jobs")["items"]), ([], []))

    def test_bad_sources_make_no_store(self):
        self.error("ingest", self.path("missing"), expect=NOT_FOUND)
        self.error("ingest", self.path("missing"), "file:///x", "--submit", expect=USAGE)
        self.assertFalse(os.path.exists(self.store))
        self.error("ingest", self.path("missing"), self.wav(), expect=NOT_FOUND)
        self.assertEqual(len(self.json("ls")["items"]), 1)

    def test_advice_where_there_is_no_store(self):
        self.assertIn("`vidstore init`", self.error("ls", expect=NOT_FOUND))
        for command in ("ls", "init"):
            said = self.error("-s", self.path("no/store"), command, expect=NOT_FOUND)
            self.assertIn("no directory " + self.path("no"), said)
            self.assertNotIn("`vidstore init`", said)

    def test_only_http_is_fetched(self):
        self.run_command("init")
        for url in ("file:///etc/passwd", "ftp://example.org/x"):
            for command in ("ingest", "submit"):
                self.assertIn("only http and https", self.error(command, url, expect=INVALID))

    def test_empty_lists_say_so(self):
        self.run_command("init")
        for command, said in ((["ls"], "no videos"), (["audit", "alerts"], "no alerts"),
                              (["search", "x", "audit"], "no events"), (["quota", "usage"], "no usage"),
                              (["ls", "--facets"], "nothing is known"),
                              (["ls", "--duplicates"], "no duplicates"), (["collection"], "no collections")):
            done = self.run_command(*command)
            self.assertEqual(b"", done.stdout, command)
            self.assertIn(said, done.stderr.decode())
            self.assertEqual(b"", self.run_command("--quiet", *command).stderr, command)

    def test_names(self):
        self.run_command("init")
        for title in ("Harbour Lights", "Harbour Lights Two", "\u00c9t\u00e9 \u4e2d\u6587", "a \"quoted\" 100%"):
            self.json("call", "video.create", json.dumps({"params": {"title": title}}))
        self.run_command("user", "add", "lena", "--email", "lena@example.org")
        for text, title in (("Harbour Lights", "Harbour Lights"), ("harbour lights", "Harbour Lights"),
                            ("HARBOUR LIGHTS tw", "Harbour Lights Two"), ("ete", "\u00c9t\u00e9 \u4e2d\u6587"),
                            ("a \"quoted\" 100%", "a \"quoted\" 100%"), ("a \"quo", "a \"quoted\" 100%")):
            self.assertEqual(title, self.json("show", text)["title"], text)
        for text in ("lena", "lena@example.org", "len"):
            self.assertEqual("lena", self.json("show", text)["username"], text)
        several = self.error("show", "harb", expect=INVALID)
        self.assertEqual(3, len(several.splitlines()))
        for video in self.json("ls")["items"][2:]:
            self.assertIn("%s  video  %s" % (video["id"], video["title"]), several)
        for text in ("nothing", "???", "", "ights", "x\" OR title:\"h", "-x", "%", "h" * 2000):
            said = self.error("show", "--", text, expect=NOT_FOUND)
            self.assertIn("NOT_FOUND", said)
            self.assertIn("vidstore search", said)
        # what changes something wants whole names
        self.error("rm", "harbour lights tw", expect=NOT_FOUND)
        self.error("rm", "harbour lights two", expect=NOT_FOUND)
        self.error("--as", "len", "ls", expect=NOT_FOUND)
        self.error("user", "deactivate", "len", expect=NOT_FOUND)
        two = self.json("show", "Harbour Lights Two")["id"]
        self.run_command("rm", "Harbour Lights Two")
        self.error("show", "Harbour Lights Two", expect=NOT_FOUND)
        self.error("undelete", two[-7:], expect=NOT_FOUND)
        self.run_command("undelete", two[-12:])
        self.json("call", "video.create", json.dumps({"params": {"title": "Harbour Lights Two"}}))
        self.assertIn(two, self.error("rm", "Harbour Lights Two", expect=INVALID))

    def test_short_ids(self):
        self.run_command("init")
        self.assertIn("at least 8", self.error("show", "01a2031", expect=NOT_FOUND))
        self.assertNotIn("at least 8", self.error("show", "01a20319", expect=NOT_FOUND))


class ByName(Case):
    def test_calls(self):
        self.run_command("init")
        made = self.json("call", "job.submit", '{"kind": "download_only"}')
        self.assertEqual(made["id"], self.json("call", "job.get", json.dumps({"id": made["id"]}))["id"])
        self.assertEqual(1, self.json("call", "job.count"))
        with open(self.path("args"), "w+") as file:
            file.write('{"query": {"filter": "state = completed"}}')
            file.seek(0)
            self.assertEqual(0, self.json("call", "job.count", "-", stdin=file))
        self.assertIn("args", self.error("call", "job.get", "{", expect=INVALID))
        self.error("call", "job.fly", expect=NOT_FOUND)


class Manual(Case):
    NOUNS = {"videos": "videos/video", "jobs": "jobs/job", "files": "files/file", "users": "users/user",
             "audit": "audit/audit"}

    def fields(self, noun, use):
        with open(os.path.join(ROOT, "lib", self.NOUNS[noun] + "_fields.h")) as file:
            lines = re.findall(r"^VS_\w+\(.*?\)$", file.read(), re.M | re.S)
        lines = [line for line in lines if "VS_SECRET" not in line]
        return [line.split('"')[1] for line in lines if use in line]

    def test_indexed_and_sortable_fields(self):
        with open(os.path.join(ROOT, "man", "vidstore.1.scd")) as file:
            page = file.read()
        sort = page.split("*--sort* _FIELD_")[1].split("\n\n")[0].split("*-n*")[0]
        for noun in self.NOUNS:
            indexed = self.fields(noun, "VS_INDEX")
            self.assertTrue(indexed)
            self.assertIn(f"*{noun}*\n\t{', '.join(indexed)}\n", page)
            for name in self.fields(noun, "VS_SORT"):
                self.assertIn(f"*{name}* of {noun}", sort)


class Completion(Case):
    def complete(self, *words):
        script = os.path.join(ROOT, "tools", "completion.bash")
        typed = " ".join(f"'{word}'" for word in ("$0", *words)).replace("'$0'", '"$0"')
        code = (f'source "$1"; COMP_WORDS=({typed}); COMP_CWORD={len(words)}; _vidstore; '
                'printf "%s\\n" "${COMPREPLY[@]}"')
        done = subprocess.run(["bash", "-c", code, PROGRAM, script], capture_output=True, text=True,
                              env=self.environment)
        self.assertEqual(done.stderr, "")
        return done.stdout.split()

    def test_words(self):
        self.assertIn("jobs", self.complete("j"))
        self.assertEqual(sorted(self.complete("jobs", "")), ["cancel", "history", "list", "retry", "show"])
        self.assertEqual(self.complete("jobs", "list", "--sta"), ["--state"])
        self.assertEqual(self.complete("jobs", "list", "--state", "comp"), ["completed"])
        self.assertEqual(self.complete("submit", "--priority", "u"), ["urgent"])
        self.assertEqual(self.complete("-s", "x", "ls", "--js"), ["--json"])
        self.assertEqual(self.complete("user", "role", "lena", "v"), ["viewer"])

    def test_settings(self):
        self.run_command("init")
        self.assertIn("job.lease_ms", self.complete("config", "job."))


if __name__ == "__main__":
    sys.exit(main())
