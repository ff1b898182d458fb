# SPDX-License-Identifier: MIT
"""Fails on functions that this project does not use, and on SQL outside schema/.

usage: banned.py ROOT
"""
import re
import sys

import source

# (functions, why, where the rule holds, files that are excepted)
RULES = [
    ("strcpy strcat sprintf vsprintf gets stpcpy", "writes without a limit", ["lib/", "tools/"], []),
    ("atoi atol atoll atof", "can't report an error", ["lib/", "tools/"], []),
    ("strtok gmtime localtime asctime ctime strerror rand srand", "has hidden state", ["lib/", "tools/"], []),
    ("alloca", "has no limit", ["lib/", "tools/"], []),
    ("system popen tmpnam tempnam mktemp", "is unsafe", ["lib/", "tools/"], []),
    ("printf vprintf puts putchar fprintf vfprintf fputs perror", "the library is silent", ["lib/"],
     ["lib/media/helper/"]),
    ("exit _exit quick_exit abort atexit setlocale signal putenv setenv", "changes the host process", ["lib/"],
     ["lib/media/helper/", "lib/media/media_spawn.c"]),
    ("malloc calloc realloc reallocarray free strdup strndup asprintf vasprintf posix_memalign aligned_alloc",
     "memory comes from util/alloc.h", ["lib/"], ["lib/util/alloc.c", "lib/util/env.c", "lib/media/helper/",
      "lib/db/sqlite/sqlite_file.c"]),  # the last one frees what realpath() gave
    ("time clock_gettime gettimeofday clock", "time comes from util/env.h", ["lib/"],
     ["lib/util/env.c", "lib/media/helper/"]),
    ("getrandom arc4random getentropy random", "randomness comes from util/env.h", ["lib/"], ["lib/util/env.c"]),
    ("pthread_create thrd_create", "threads start through util/env.h", ["lib/"], ["lib/util/env.c"]),
    ("sqlite3_mprintf sqlite3_vmprintf sqlite3_snprintf", "SQL is never put together from text", ["lib/"], []),
]
STRING = re.compile(r'"((?:\\.|[^"\\\n])*)"')
SQL = re.compile(
    r"^\s*(SELECT\b.*\bFROM\b|INSERT\s+(OR\s+\w+\s+)?INTO\b|REPLACE\s+INTO\b|UPDATE\s+\w+\s+SET\b|DELETE\s+FROM\b|"
    r"CREATE\s+(TEMP\s+|UNIQUE\s+|VIRTUAL\s+)?(TABLE|INDEX|TRIGGER|VIEW)\b|ALTER\s+TABLE\b|DROP\s+(TABLE|INDEX)\b)",
    re.DOTALL)
# A piece of one, whatever it is composed of. Conditions are no pieces, nor are the words that stand between pieces.
PIECE = re.compile(r"(^|[\s(])(SELECT\b|VALUES\b|FROM\s+[a-z_%({]|(INSERT|REPLACE)\s+INTO\b|ORDER BY\b|GROUP BY\b)|"
                   r"\bLIMIT\s+[%$\d]")
# What only asks an engine about itself, or has a view compiled to see what it reads, is none of the schema's business.
ENGINE = re.compile(r"\bFROM\s+((sqlite_schema|pragma_\w+)\b|%s%s LIMIT 0$)|^SELECT fts5\(\?1\)$")
LONGEST = 1000


def banned_calls(path, text):
    code = source.code_only(text)
    problems = []
    for names, why, where, excepted in RULES:
        if not path.startswith(tuple(where)) or path.startswith(tuple(excepted) or ("\0",)):
            continue
        # A member of a struct may bear such a name, and so may a declaration's own.
        for match in re.finditer(r"(?<![\w.>])(%s)\s*\(" % names.replace(" ", "|"), code):
            # A wait with a deadline takes the real clock's time, whatever the tests' clock says.
            if match.group(1) == "clock_gettime" and "_timedwait(" in code:
                continue
            # A PRAGMA takes no bound values.
            if match.group(1) == "sqlite3_mprintf" and text[match.end():].startswith('"PRAGMA '):
                continue
            problems.append(f"{path}:{source.line_of(code, match.start())}: {match.group(1)}(): {why}")
    return problems


def sql_text(path, text):
    """String literals that are SQL; neighbouring literals count as one."""
    text = source.without_comments(text)
    problems = []
    for match in re.finditer(r'"(?:\\.|[^"\\\n])*"(?:\s*"(?:\\.|[^"\\\n])*")*', text):
        literal = "".join(STRING.findall(match.group()))
        if (SQL.search(literal) or PIECE.search(literal)) and not ENGINE.search(literal):
            problems.append(f"{path}:{source.line_of(text, match.start())}: SQL stands in schema/ only")
    return problems


def check(path, text):
    problems = banned_calls(path, text)
    if path.startswith(("lib/", "tools/")):
        problems += sql_text(path, text)
        lines = text.count("\n")
        if lines > LONGEST:
            problems.append(f"{path}: {lines} lines: a file is one thing, at most {LONGEST}")
    return problems


def self_test():
    cases = [("lib/a.c", "x = malloc(3);", 1), ("lib/a.c", "x = vs_malloc(3); /* malloc(3) */", 0),
             ("lib/util/alloc.c", "free(x);", 0), ("lib/a.c", "env->time(0); s.free(x);", 0),
             ("tools/a.c", "printf(0); free(p);", 0), ("tools/a.c", "strcpy(a, b);", 1),
             ("lib/a.c", 'f("SELECT a " /* all */ "FROM t");', 1), ("lib/a.c", 'f("malloc(", "selected from");', 0),
             ("lib/a.c", 'f("EXISTS (SELECT 1 FROM t WHERE a = $%d");', 1),
             ("lib/a.c", 'f("%s IN (SELECT at FROM (");', 1),
             ("lib/a.c", 'f("(VALUES %s)");', 1), ("lib/a.c", 'f(i ? " UNION SELECT " : "");', 1),
             ("lib/a.c", 'f("%s IN (", a); f(" UNION "); f(" CROSS JOIN "); f("a = $%d");', 0),
             ("lib/db/sqlite/a.c", 'f("SELECT 1 FROM sqlite_schema");', 0)]
    for path, text, expected in cases:
        if len(check(path, text)) != expected:
            sys.exit(f"self-test: {path}: {text}: {check(path, text)}")


def main(root):
    self_test()
    problems = []
    for path in source.files(root, "lib", "tools"):
        problems += check(path, source.read(root, path))
    return source.report(problems, "banned functions")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
