# SPDX-License-Identifier: MIT
"""Reads the includes and fails on an arrow that points up, and on a dependency that comes in by the wrong door.

usage: layers.py ROOT
"""
import os
import re
import sys

import source

LEVELS = [["call"], ["worker", "upkeep"], ["users", "keys", "logins", "grants", "links", "quotas", "jobs",
           "collections", "videos", "files", "audit"],
          ["store"], ["access"], ["trail"], ["record"], ["db", "blob", "media"], ["net"], ["crypto"], ["util"]]
RANK = {part: rank for rank, level in enumerate(LEVELS) for part in level}
NOUNS = LEVELS[2]

# Which folders of lib/ may include a dependency's headers.
DOORS = [
    (r"sqlite3(ext)?\.h", ["db/sqlite/"]),
    (r"(postgresql/)?libpq.*\.h", ["db/postgres/"]),
    (r"curl/.*", ["net/"]),
    (r"openssl/.*", ["crypto/"]),
    (r"(argon2|crypt)\.h", ["access/"]),
    (r"uuid/.*", ["util/"]),
    (r"uni(case|ctype|norm|str)\.h", ["util/"]),
    (r"jansson\.h", ["util/", "media/helper/"]),
    (r"lib(av|sw)\w+/.*", ["media/helper/"]),
    (r"(linux/)?(seccomp|landlock)\.h", ["media/helper/"]),
]
SYSTEM = re.compile(
    r"(assert|ctype|dirent|dlfcn|endian|errno|fcntl|float|ftw|ifaddrs|inttypes|limits|locale|malloc|math|netdb|poll|"
    r"pthread|pwd|sched|semaphore|setjmp|signal|spawn|stdalign|stdarg|stdatomic|stdbool|stddef|stdint|stdio|stdlib|"
    r"stdnoreturn|string|strings|syslog|time|unistd)\.h|(arpa|linux|net|netinet|sys)/\w+\.h")
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*(["<])([^">]+)[">]', re.MULTILINE)
# Written by the build, from schema/ and for the probe helper.
GENERATED = re.compile(r"(vs_)?(statements|migrations|schema|media_paths|config)\w*\.h")


def includes(text):
    text = source.without_comments(text)
    return [(source.line_of(text, m.start()), m.group(1), m.group(2)) for m in INCLUDE.finditer(text)]


def check_door(path, name):
    """Whether a header in angle brackets may be included by this file of lib/."""
    for pattern, folders in DOORS:
        if re.fullmatch(pattern, name):
            if any(path.startswith("lib/" + folder) for folder in folders):
                return None
            return f"<{name}> comes in through lib/{' or lib/'.join(folders)} only"
    if SYSTEM.fullmatch(name) or name.startswith("vidstore/"):
        return None
    return f"<{name}> is neither the system's nor has it a door"


def check_arrow(path, name, exists):
    """Whether a file of lib/ may include another one of ours."""
    here = path.split("/")[1]
    if name.startswith("vidstore/") or exists(os.path.join(os.path.dirname(path), name)):
        return None
    if not exists("lib/" + name):
        return None if GENERATED.fullmatch(os.path.basename(name)) else f'"{name}" is not there'
    there = name.split("/")[0]
    if here == there:
        return None
    if here not in RANK or there not in RANK:
        return f"{here if here not in RANK else there}/ is no part of the house"
    if here in NOUNS and there in NOUNS:
        return None if name == f"{there}/{there}.h" else f'{here}/ may use {there}/ only through "{there}/{there}.h"'
    if RANK[here] >= RANK[there]:
        return f"{here}/ must not know {there}/: calls go down only"
    return None


def check_outsider(path, name, exists):
    """tools/, tests/api, examples and bench are users of the public headers like any other."""
    if name.startswith("vidstore/") or exists(os.path.join(os.path.dirname(path), name)):
        return None
    return f'"{name}" is not a public header' if exists("lib/" + name) else None


def check_file(path, text, exists):
    problems = []
    for line, bracket, name in includes(text):
        if path.startswith("lib/"):
            problem = check_door(path, name) if bracket == "<" else check_arrow(path, name, exists)
        else:
            problem = check_outsider(path, name, exists)
        if problem:
            problems.append(f"{path}:{line}: {problem}")
    return problems


def self_test():
    """The check must be able to fail: each of these breaks one rule."""
    present = {"lib/db/db.h", "lib/jobs/jobs.h", "lib/jobs/job_repo.h", "lib/users/users.h", "lib/call/call.h",
               "lib/util/buf.h"}
    cases = [("lib/util/buf.c", '"db/db.h"', 1), ("lib/users/user_api.c", '"jobs/job_repo.h"', 1),
             ("lib/users/user_api.c", '"jobs/jobs.h"', 0), ("lib/jobs/job_api.c", '"call/call.h"', 1),
             ("lib/jobs/job_api.c", "<sqlite3.h>", 1), ("lib/db/sqlite/conn.c", "<sqlite3.h>", 0),
             ("lib/media/media.c", "<libavformat/avformat.h>", 1), ("lib/db/pool.c", '"util/buf.h"', 0),
             ("lib/db/pool.c", '"util/nothing.h"', 1), ("lib/util/x.c", "<glib.h>", 1),
             ("tools/main.c", '"util/buf.h"', 1)]
    for path, name, expected in cases:
        found = check_file(path, f"#include {name}\n", present.__contains__)
        if len(found) != expected:
            sys.exit(f"self-test: {path} including {name}: {found}")


def main(root):
    self_test()
    problems = []
    for path in source.files(root, "lib", "tools", "tests/api", "examples", "bench"):
        problems += check_file(path, source.read(root, path), lambda p: os.path.exists(os.path.join(root, p)))
    return source.report(problems, "layers and doors")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
