# SPDX-License-Identifier: MIT
"""The command vidstore from outside: exit codes, JSON, harmless output, pipes, terminals, signals.

usage: cli.py VIDSTORE [TEST…]      with the source tree in VIDSTORE_SOURCE_ROOT
"""
import fcntl
import hashlib
import json
import os
import pty
import re
import select
import shutil
import signal
import sqlite3
import struct
import subprocess
import sys
import tempfile
import termios
import time
import unicodedata
import unittest
import wave

PROGRAM = os.path.abspath(sys.argv[1])
HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.environ.get("VIDSTORE_SOURCE_ROOT") or os.path.dirname(os.path.dirname(HERE))
SERVER = os.path.join(ROOT, "tests", "support", "range_server.py")
OK, FAILURE, USAGE, NOT_FOUND, INVALID, REFUSED, BUSY, MEDIA = range(8)
INTERRUPTED = 130
NOBODY = "00000000-0000-7000-8000-000000000001"


def write_wav(path, seconds=1, rate=8000):
    """A real media file without the help of any program."""
    with wave.open(path, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(b"".join(struct.pack("<h", (i * 37) % 2000 - 1000) for i in range(seconds * rate)))


class Server:
    """The range server on a directory."""

    def __init__(self, directory, *options):
        self.process = subprocess.Popen([sys.executable, SERVER, directory, *options], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE)
        self.base = "http://127.0.0.1:%d" % int(self.process.stdout.readline())

    def stop(self):
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()


def on_terminal(arguments, columns=80, environment=None, answers=()):
    """Runs the command on a terminal of its own; gives (exit code, what it showed). Each answer is typed when a colon
    was shown."""
    pid, fd = pty.fork()
    if pid == 0:
        os.environ.pop("COLUMNS", None)
        os.environ.pop("NO_COLOR", None)
        os.environ.update({"TERM": "xterm", **(environment or {})})
        time.sleep(0.05)  # until the size is set
        os.execv(PROGRAM, [PROGRAM, *arguments])
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", 25, columns, 0, 0))
    shown, answers = b"", list(answers)
    until = time.monotonic() + 30
    while time.monotonic() < until and select.select([fd], [], [], 30)[0]:
        try:
            piece = os.read(fd, 65536)
        except OSError:
            break
        if not piece:
            break
        shown += piece
        if answers and piece.endswith(b": "):
            os.write(fd, answers.pop(0).encode() + b"\n")
    os.close(fd)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), shown.decode()


def columns_of(line):
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 0 if unicodedata.combining(c) else 1 for c in line)


class Case(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="vidstore-cli-")
        self.addCleanup(shutil.rmtree, self.folder)
        self.store = os.path.join(self.folder, "store")
        self.environment = {**os.environ, "VIDSTORE_STORE": self.store}
        self.environment.pop("NO_COLOR", None)

    def path(self, name):
        return os.path.join(self.folder, name)

    def run_command(self, *arguments, expect=OK, **more):
        done = subprocess.run([PROGRAM, *arguments], capture_output=True, env=self.environment, timeout=60,
                              stdin=more.pop("stdin", subprocess.DEVNULL), **more)
        self.assertEqual(done.returncode, expect, f"vidstore {' '.join(arguments)}: {done.stderr.decode()}")
        return done

    def text(self, *arguments, **more):
        return self.run_command(*arguments, **more).stdout.decode()

    def error(self, *arguments, expect):
        return self.run_command(*arguments, expect=expect).stderr.decode()

    def json(self, *arguments, **more):
        return json.loads(self.text("--json", *arguments, **more))

    def wav(self, name="tone.wav", seconds=1):
        write_wav(self.path(name), seconds)
        return self.path(name)


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


class Users(Case):
    def setUp(self):
        super().setUp()
        self.run_command("init")

    def test_life_of_a_user(self):
        self.run_command("user", "add", "root", "--role", "admin")
        user = self.json("user", "add", "lena", "--email", "lena@example.org", "--role", "viewer")
        self.assertEqual((user["username"], user["role"], user["state"]), ("lena", "viewer", "active"))
        self.run_command("user", "role", "LENA@example.org", "user")
        self.run_command("user", "deactivate", user["id"])
        self.assertEqual(self.json("user", "show", user["id"][-12:])["state"], "deactivated")
        self.error("--as", "lena", "ls", expect=REFUSED)
        self.run_command("user", "activate", "lena")
        self.assertEqual(self.json("--as", "lena", "ls")["items"], [])

    def test_refusals(self):
        self.run_command("user", "add", "lena")
        self.assertIn("EXISTS", self.error("user", "add", "LENA", expect=REFUSED))
        self.assertIn("field role", self.error("user", "role", "lena", "king", expect=INVALID))
        self.assertIn("NOT_FOUND", self.error("user", "show", "otto", expect=NOT_FOUND))
        self.assertIn("NOT_FOUND", self.error("--as", "otto", "ls", expect=NOT_FOUND))

    def test_words_of_refusals(self):
        user = self.text("user", "add", "lena").strip()
        self.assertIn("can't be brought back", self.error("undelete", user, expect=REFUSED))
        self.error("undelete", NOBODY, expect=NOT_FOUND)
        self.assertIn("to the settings", self.error("--as", "lena", "config", "job.lease_ms", "1000", expect=REFUSED))

    def test_password_from_descriptor(self):
        self.run_command("user", "add", "lena")
        for password, code in (("a long enough one", OK), ("short", INVALID)):
            read, write = os.pipe()
            os.write(write, password.encode() + b"\nthe rest")
            os.close(write)
            self.run_command("user", "passwd", "lena", "--password-fd", str(read), expect=code, pass_fds=[read])
            os.close(read)
        self.assertIsNotNone(self.json("user", "show", "lena")["password_changed"])
        self.run_command("user", "passwd", "lena", "--none")
        self.assertIsNone(self.json("user", "show", "lena")["password_changed"])

    def redeem(self, kind, *lines, expect=OK, more=()):
        read, write = os.pipe()
        os.write(write, "".join(line + "\n" for line in lines).encode())
        os.close(write)
        self.run_command("user", "redeem", kind, "--token-fd", str(read), "--password-fd", str(read), *more,
                         expect=expect, pass_fds=[read])
        os.close(read)

    def test_tokens_of_use_once(self):
        self.run_command("user", "add", "lena", "--pending", "--email", "lena@example.org")
        made = self.json("user", "invite", "lena")
        self.assertEqual("lena@example.org", made["email"])
        self.redeem("invitation", made["token"], "short", expect=INVALID)
        self.redeem("invitation", made["token"], "a long enough one")
        self.redeem("invitation", made["token"], "a long enough one", expect=REFUSED)
        lena = self.json("user", "show", "lena")
        self.assertEqual(("active", True), (lena["state"], lena["email_verified"]))
        token = self.text("user", "reset", "lena").strip()
        self.assertRegex(token, "^vsr_[0-9A-Za-z]{14}_[0-9A-Za-z]{49}$")
        self.redeem("reset", token, "another long one")
        self.redeem("email", self.text("user", "email", "lena", "l@example.org").strip())
        self.assertEqual("l@example.org", self.json("user", "show", "lena")["email"])
        self.redeem("verification", self.text("user", "verify", "lena").strip())
        self.assertIn("STATE", self.error("user", "invite", "lena", expect=REFUSED))
        self.run_command("user", "redeem", "key", expect=USAGE)

    def test_the_first_admin(self):
        self.run_command("user", "add", "--first", "root")
        self.assertEqual("admin", self.json("user", "show", "root")["role"])
        self.assertIn("STATE", self.error("user", "add", "--first", "another", expect=REFUSED))

    def test_suspended_for_a_while(self):
        self.run_command("user", "add", "lena")
        self.run_command("user", "suspend", "--for", "2h", "lena")
        lena = self.json("user", "show", "lena")
        self.assertEqual("suspended", lena["state"])
        self.assertIsNotNone(lena["suspended_until"])
        self.run_command("user", "activate", "lena")
        self.assertIsNone(self.json("user", "show", "lena")["suspended_until"])

    def test_password_on_terminal_is_not_shown(self):
        self.run_command("user", "add", "lena")
        typed = ["a long enough one", "a long enough one"]
        code, shown = on_terminal(["-s", self.store, "user", "passwd", "lena"], answers=typed)
        self.assertEqual(code, OK, shown)
        self.assertNotIn("long enough", shown)
        typed = ["a long enough one", "another"]
        code, shown = on_terminal(["-s", self.store, "user", "passwd", "lena"], answers=typed)
        self.assertEqual(code, INVALID, shown)

    def test_password_without_terminal(self):
        self.run_command("user", "add", "lena")
        self.run_command("user", "passwd", "lena", expect=USAGE, start_new_session=True)

    def test_users_see_their_own(self):
        self.run_command("user", "add", "lena")
        self.run_command("user", "add", "otto")
        self.run_command("--as", "lena", "ingest", self.wav())
        video = self.json("ls")["items"][0]
        self.assertEqual(len(self.json("--as", "lena", "ls")["items"]), 1)
        self.assertEqual(self.json("--as", "otto", "ls")["items"], [])
        self.run_command("--as", "otto", "show", video["id"], expect=NOT_FOUND)
        self.run_command("--as", "otto", "get", video["source_file_id"], "-o", self.path("x"), expect=NOT_FOUND)
        self.assertFalse(os.path.exists(self.path("x")))
        self.run_command("--as", "lena", "get", video["source_file_id"], "-o", self.path("hers"))
        with open(self.path("hers"), "rb") as copy:
            self.assertEqual(copy.read(), self.run_command("get", video["id"], "-o", "-").stdout)
        self.error("--as", "lena", "get", video["id"], "-o", self.path("hers"), expect=REFUSED)
        self.assertIn("FORBIDDEN", self.error("--as", "otto", "config", "job.lease_ms", "1000", expect=REFUSED))

    def shared(self):
        """A file of lena's."""
        self.run_command("user", "add", "lena")
        self.run_command("user", "add", "otto")
        self.run_command("--as", "lena", "ingest", self.wav())
        return self.json("ls")["items"][0]["source_file_id"]

    def test_grants(self):
        file = self.shared()
        otto = self.json("user", "show", "otto")["id"]
        self.run_command("--as", "otto", "show", file, expect=NOT_FOUND)
        self.assertIn("restricted", self.error("--as", "lena", "grant", "add", file, otto, expect=REFUSED))
        made = self.json("--as", "lena", "grant", "add", file, otto, "--share", "--expires", "1d", "--reason", "work")
        self.assertEqual(("read", False, "work"), (made["reach"], made["denies"], made["reason"]))
        self.run_command("--as", "otto", "show", file)
        self.assertEqual([made["id"]], [grant["id"] for grant in self.json("grant", "-u", "otto")["items"]])
        self.assertEqual([], self.json("grant", "list", "-u", "lena")["items"])
        self.assertIn("work", self.text("grant", "show", made["id"][-12:]))
        self.run_command("--as", "lena", "grant", "revoke", made["id"])
        self.run_command("--as", "otto", "show", file, expect=NOT_FOUND)
        self.run_command("grant", "show", made["id"], expect=NOT_FOUND)
        self.run_command("grant", "add", file, "otto", "--reach", "all", expect=INVALID)
        self.run_command("grant", "add", file, "nobody", expect=NOT_FOUND)

    def test_collections(self):
        self.run_command("user", "add", "lena")
        self.run_command("user", "add", "otto")
        for name in ("a.wav", "b.wav", "c.wav"):
            self.run_command("--as", "lena", "ingest", self.wav(name))
        a, b, c = (video["id"] for video in reversed(self.json("ls")["items"]))
        lena = ("--as", "lena", "collection")
        made = self.text(*lena, "create", "To watch", "--description", "soon").split()[0]
        self.run_command(*lena, "create", "To watch", expect=REFUSED)
        self.run_command(*lena, "add", "To watch", a, b)
        self.run_command(*lena, "add", "To watch", c, a, "--before", a[-12:])

        def shown():
            return [video["id"] for video in self.json(*lena, "show", made)["videos"]]
        self.assertEqual([c, a, b], shown())
        before = self.json(*lena, "show", made)
        moved = self.json(*lena, "move", made, c)
        self.assertEqual((made, "To watch"), (moved["id"], moved["name"]))
        self.assertGreaterEqual(moved["version"], before["version"])
        self.assertEqual([a, b, c], shown())
        self.run_command(*lena, "move", made, c, b, "--before", a)
        self.assertEqual([c, b, a], shown())
        self.run_command(*lena, "rm", "To watch", b, a)
        self.assertEqual([c], shown())
        self.run_command(*lena, "rm", "To watch", c, a, expect=NOT_FOUND)
        self.assertEqual([c], shown())  # all or nothing
        self.assertIn("To watch", self.text("collection", "ls", "--video", c))
        self.assertEqual([], self.json("collection", "--video", a)["items"])
        self.assertEqual([c], [video["id"] for video in self.json("ls", "-f", f"collection = {made}")["items"]])
        self.assertRegex(self.text("show", made), r"soon\n(.*\n)*Videos \(1\)\n.*\n.*" + c)
        self.assertEqual([c], [video["id"] for video in self.json("show", made)["videos"]])
        self.assertEqual([], self.json("--as", "otto", "collection")["items"])
        self.run_command("--as", "otto", "collection", "show", made, expect=NOT_FOUND)
        self.run_command("rm", made)
        self.run_command("collection", "show", "To watch", expect=NOT_FOUND)
        self.run_command("undelete", made)
        self.assertEqual([c], shown())

    def test_a_collection_gets_another_name(self):
        made = self.text("collection", "create", "To watch", "--description", "soon").split()[0]
        self.run_command("collection", "edit", "To watch", "--name", "Watched")
        self.assertEqual("soon", self.json("collection", "show", "Watched")["description"])
        self.run_command("collection", "edit", made, "--description", "long ago")
        changed = self.json("collection", "show", "Watched")
        self.assertEqual((made, "long ago", []), (changed["id"], changed["description"], changed["videos"]))
        self.assertIsNone(self.json("collection", "edit", made, "--description", "").get("description"))
        self.run_command("collection", "edit", made, expect=USAGE)
        self.run_command("collection", "edit", made, "--name", " ", expect=INVALID)
        self.run_command("collection", "create", "Other")
        self.run_command("collection", "edit", made, "--name", "Other", expect=REFUSED)
        shown = self.run_command("collection", "show", made)
        self.assertNotIn(b"Videos", shown.stdout)
        self.assertIn(b"no videos\n", shown.stderr)
        self.assertEqual(b"", self.run_command("-q", "collection", "show", made).stderr)

    def test_ls_and_list_are_the_same_word(self):
        self.run_command("collection", "create", "One")
        for group, own, other in (("collection", "ls", "list"), ("user", "ls", "list"), ("jobs", "list", "ls"),
                                  ("audit", "list", "ls")):
            with self.subTest(group):
                self.assertEqual(self.text(group, own), self.text(group, other))
                self.assertEqual(self.text("help", group, own), self.text("help", group, other))
        self.run_command("link", "lists", expect=USAGE)
        self.run_command("list", expect=USAGE)

    def link_get(self, token, *arguments, expect=OK):
        reading, writing = os.pipe()
        os.write(writing, token.encode() + b"\n")
        os.close(writing)
        try:
            return self.run_command("link", "get", "--token-fd", str(reading), *arguments, expect=expect,
                                    pass_fds=[reading])
        finally:
            os.close(reading)

    def test_links(self):
        file = self.shared()
        self.error("--as", "lena", "link", "create", file, expect=REFUSED)
        self.error("--as", "otto", "link", "create", file, expect=NOT_FOUND)
        made = self.json("--as", "lena", "link", "create", file, "--share", "--uses", "2", "--name", "for the press")
        self.assertRegex(made["token"], "^vsl_")
        self.link_get(made["token"], "-o", self.path("copy"))
        with open(self.path("copy"), "rb") as copy:
            self.assertEqual(copy.read(), self.link_get(made["token"], "-o", "-").stdout)
        self.link_get(made["token"], "-o", "-", expect=REFUSED)  # used up
        self.assertEqual((2, 2), (self.json("link", "show", made["id"])["uses"], made["max_uses"]))
        text = self.text("--as", "lena", "link", "create", file).split()[0]
        self.assertEqual(68, len(text))
        links = self.json("link", "list", "-u", "lena")["items"]
        self.assertEqual(2, len(links))
        self.assertNotIn("token", links[0])
        self.run_command("--as", "lena", "link", "revoke", links[0]["id"], links[1]["id"])
        self.link_get(text, "-o", "-", expect=REFUSED)
        self.assertEqual([], self.json("--as", "otto", "link")["items"])

    def test_quotas(self):
        self.run_command("user", "add", "lena")
        self.run_command("quota", "set", "lena", "bytes=2M", "jobs_per_day=1", "files=none")
        quota = self.json("--as", "lena", "quota")
        self.assertEqual((2 << 20, 2 << 20, True), tuple(quota["bytes"][key] for key in ("limit", "left", "own")))
        self.assertIsNone(quota["files"]["limit"])
        self.assertIn("2.0 MiB", self.text("quota", "show", "lena"))
        self.run_command("--as", "lena", "submit", "http://127.0.0.1:1/x")
        said = self.error("--as", "lena", "submit", "http://127.0.0.1:1/y", expect=REFUSED)
        self.assertIn("QUOTA", said)
        self.assertIn("jobs_per_day", said)
        self.assertEqual(1, self.json("quota", "usage", "lena", "--days", "2")[0]["jobs"])
        self.assertIn("JOBS", self.text("--as", "lena", "quota", "usage"))
        self.assertEqual(["lena"], [it["username"] for it in self.json("quota", "list")])
        self.assertIn("2.0 MiB", self.text("quota", "list"))
        self.error("--as", "lena", "quota", "list", expect=REFUSED)
        self.run_command("quota", "set", "lena", "jobs_per_day=default", "bytes=x", expect=USAGE)
        self.assertEqual(1, self.json("quota", "show", "lena")["jobs_per_day"]["limit"])  # all or nothing
        self.run_command("quota", "set", "lena", "jobs_per_day=default")
        self.run_command("--as", "lena", "submit", "http://127.0.0.1:1/y")
        self.run_command("quota", "set", "lena", "flops=1", expect=INVALID)
        self.run_command("quota", "set", "lena", "bytes=9999999999999G", expect=USAGE)
        self.run_command("--as", "lena", "quota", "set", "lena", "bytes=none", expect=REFUSED)


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


class Jobs(Case):
    def setUp(self):
        super().setUp()
        self.run_command("init")
        self.run_command("config", "fetch.allow_private", "on")
        os.mkdir(self.path("www"))

    def serve(self, *options):
        server = Server(self.path("www"), *options)
        self.addCleanup(server.stop)
        return server

    def state(self, job):
        return self.json("jobs", "show", job)["state"]

    def worker(self, *arguments):
        return subprocess.Popen([PROGRAM, "worker", *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                env=self.environment)

    def test_a_season(self):
        for name in ("1.wav", "2.wav"):
            write_wav(self.path("www/" + name))
        server = self.serve()
        job = self.text("submit", "--season", "One", server.base + "/1.wav", server.base + "/2.wav").strip()
        said = self.text("worker", "--drain")
        self.assertEqual(said.count("completed"), 2, said)
        self.assertEqual(self.state(job), "completed")
        self.assertEqual(sorted(v["episode"] for v in self.json("ls")["items"]), [1, 2])
        self.assertTrue(all(v["probe_status"] == "ok" for v in self.json("ls")["items"]))

    def test_a_job_of_many_videos(self):
        """All are fetched, and then probed a few at a time, with an event for what is done together."""
        for n in range(6):
            write_wav(self.path(f"www/{n}.wav"), 1 + n)
        with open(self.path("www/bad.mp4"), "w") as file:
            file.write("no video")
        server = self.serve()

        def submit(*names):
            job = self.text("submit", "--max-attempts", "1", f"{server.base}/{names[0]}").strip()
            for name in names[1:]:
                self.run_command("call", "video.create",
                                 json.dumps({"params": {"job_id": job, "url": f"{server.base}/{name}"}}))
            return job
        good = submit(*(f"{n}.wav" for n in range(6)))
        self.assertIn("completed", self.text("worker", "--drain"))
        self.assertEqual("completed", self.state(good))
        videos = self.json("ls", "-f", f"job_id = {good}")["items"]
        self.assertEqual(["ok"] * 6, [video["probe_status"] for video in videos])
        self.assertEqual(6, len({video["duration"] for video in videos}))
        probed = self.json("audit", "list", "--action", "video_probed")["items"]
        self.assertEqual(6, sum(event["details"]["count"] for event in probed))
        self.assertEqual({video["id"] for video in videos}, {it for event in probed for it in event["details"]["ids"]})
        bad = submit("0.wav", "bad.mp4", "1.wav")
        said = self.json("worker", "--drain")
        self.assertEqual(("failed", "refused"), (self.state(bad), said["outcome"]))
        self.assertIn("MEDIA", said["error"])

    def test_bad_jobs_do_not_stop_the_worker(self):
        write_wav(self.path("www/good.wav"))
        with open(self.path("www/bad.mp4"), "w") as file:
            file.write("no video")
        server = self.serve()
        bad = self.text("submit", "--max-attempts", "1", server.base + "/bad.mp4").strip()
        gone = self.text("submit", "--max-attempts", "1", server.base + "/gone.mp4").strip()
        good = self.text("submit", server.base + "/good.wav").strip()
        self.run_command("worker", "--drain")
        self.assertEqual([self.state(bad), self.state(gone), self.state(good)], ["failed", "failed", "completed"])

    def test_the_last_attempt_is_called_so(self):
        self.run_command("config", "fetch.tries", "1")
        job = self.text("submit", "--max-attempts", "1", "http://127.0.0.1:1/x").strip()
        said = self.text("worker", "--once")
        self.assertIn("failed", said)
        self.assertNotIn("again", said)
        self.assertEqual(self.state(job), "failed")
        again = self.text("submit", "--max-attempts", "2", "http://127.0.0.1:1/x").strip()
        self.assertIn("to be tried again", self.text("worker", "--once"))
        self.assertNotEqual(self.state(again), "failed")

    def test_histories(self):
        write_wav(self.path("www/good.wav"))
        good = self.text("submit", self.serve().base + "/good.wav").strip()
        self.run_command("worker", "--drain")
        outcomes = [attempt["outcome"] for attempt in self.json("jobs", "history", good)]
        self.assertEqual(outcomes, ["completed"])

    def test_same_id_twice(self):
        job = [self.json("submit", "--id", NOBODY, "http://127.0.0.1:1/x")["id"] for _ in range(2)]
        self.assertEqual(job, [NOBODY, NOBODY])
        self.assertIn("CONFLICT", self.error("submit", "--id", NOBODY, "http://127.0.0.1:1/y", expect=REFUSED))
        self.assertEqual(len(self.json("jobs")["items"]), 1)

    def test_request_from_json(self):
        with open(self.path("request.json"), "w") as file:
            json.dump({"kind": "own_kind", "season": "S", "tags": ["a"], "request": {"x": [1, None]}}, file)
        job = self.json("submit", "--json-file", self.path("request.json"), "--priority", "high")
        self.assertEqual((job["kind"], job["priority"], job["request"]), ("own_kind", "high", {"x": [1, None]}))
        self.error("submit", "--tag", "a\nb", "http://127.0.0.1:1/x", expect=INVALID)
        for wrong in ('{"kind": 1}', '{"nothing": 1}', "[", '{"state": "completed"}'):
            with open(self.path("request.json"), "w") as file:
                file.write(wrong)
            self.error("submit", "--json-file", self.path("request.json"), expect=INVALID)

    def test_cancel_and_retry(self):
        job = self.text("submit", "http://127.0.0.1:1/x").strip()
        self.run_command("jobs", "cancel", job)
        self.assertEqual(self.state(job), "cancelled")
        self.run_command("jobs", "retry", job)
        self.assertEqual(self.state(job), "ready")
        self.error("jobs", "cancel", NOBODY, expect=NOT_FOUND)

    def test_once_without_a_job(self):
        self.assertEqual(self.text("worker", "--once"), "")

    def wait_for(self, what, seconds=20):
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if what():
                return
            time.sleep(0.05)
        self.fail("waited in vain")

    def test_terminated_worker_gives_the_lease_back(self):
        write_wav(self.path("www/slow.wav"), 30)
        server = self.serve()
        job = self.text("submit", server.base + "/slow.wav?slow=40000").strip()
        worker = self.worker()
        self.wait_for(lambda: self.json("ls")["items"][0]["download_done"])
        began = time.monotonic()
        worker.send_signal(signal.SIGTERM)
        out, error = worker.communicate(timeout=20)
        self.assertLess(time.monotonic() - began, 5)
        self.assertEqual(worker.returncode, OK, error)
        self.assertIn(b"released", out)
        self.assertEqual(self.state(job), "ready")

    def test_cancelled_while_running(self):
        write_wav(self.path("www/slow.wav"), 30)
        server = self.serve()
        job = self.text("submit", server.base + "/slow.wav?slow=40000").strip()
        self.run_command("config", "job.lease_ms", "1000")
        worker = self.worker("--drain")
        self.wait_for(lambda: self.json("ls")["items"][0]["download_done"])
        self.run_command("jobs", "cancel", job)
        out, error = worker.communicate(timeout=30)
        self.assertIn(b"cancelled", out, error)
        self.assertEqual(self.state(job), "cancelled")

    def test_killed_worker_is_taken_over(self):
        write_wav(self.path("www/slow.wav"), 30)
        log = self.path("requests")
        server = self.serve("--log", log)
        self.run_command("config", "job.lease_ms", "1000")
        job = self.text("submit", server.base + "/slow.wav?slow=150000").strip()
        worker = self.worker()
        self.wait_for(lambda: (self.json("ls")["items"][0]["download_done"] or 0) > 100000)
        worker.kill()
        worker.communicate()
        said = self.text("worker", "--drain")
        self.assertRegex(said, r"taken over after \d+\.\d s, [1-9]\d* % already there")
        self.assertEqual(self.state(job), "completed")
        self.assertEqual(self.json("jobs", "history", job)[0]["outcome"], "crashed")
        content = open(self.path("www/slow.wav"), "rb").read()
        self.assertEqual(self.json("files")["items"][0]["sha256"], hashlib.sha256(content).hexdigest())
        with open(log) as file:
            self.assertTrue(any("bytes=" in line for line in file))


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


def main():
    result = unittest.main(argv=[sys.argv[0], *sys.argv[2:]], exit=False).result
    bad_failures, bad_errors = len(result.failures), len(result.errors)
    percent = 100 if result.wasSuccessful() else 0
    # As libcheck says it, so that the totals count each case.
    print(f"{percent}%: Checks: {result.testsRun}, Failures: {bad_failures}, Errors: {bad_errors}")
    return 0 if result.wasSuccessful() and result.testsRun else 1


if __name__ == "__main__":
    sys.exit(main())
