# SPDX-License-Identifier: MIT
"""The command vidstore from outside: users, tokens, grants, collections, links and quotas.

usage: cli_users.py VIDSTORE [TEST…]      with the source tree in VIDSTORE_SOURCE_ROOT
"""
import os
import sys

from cli_case import Case, INVALID, NOBODY, NOT_FOUND, OK, on_terminal, REFUSED, USAGE, main


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


if __name__ == "__main__":
    sys.exit(main())
