# SPDX-License-Identifier: MIT
"""What no public header may hold, because some language could not call it, or an ABI would break by it.

usage: types.py FOLDER
"""
import glob
import os
import re
import sys

COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*", re.DOTALL)
FORBIDDEN = [
    (r"\b(bool|_Bool)\b", "its width differs: int32_t"),
    (r"\b(long|short|unsigned|signed|int|size_t|ssize_t|intptr_t|uintptr_t|wchar_t)\b",
     "no fixed width: int32_t or int64_t"),
    (r"\b(time_t|off_t|pid_t|uid_t|mode_t|FILE|va_list)\b", "belongs to another library's ABI"),
    (r"\b(float|double)\b", "no floating point"),
    (r"\.\.\.", "no variable arguments"),
    (r"\bstruct\s+\w*\s*\{", "no struct bodies"),
    (r"\bunion\b", "no unions"),
    (r"\b(static|inline)\b", "no inline functions"),
    (r"\(\s*\*", "no callbacks"),
    (r"\btypedef\s+[^;]*\b\w+_t\s*;", "the suffix _t belongs to POSIX"),
    (r"\bvolatile\b|\brestrict\b|\b_Atomic\b", "not every language has it"),
    (r"\bnonnull\b", "lets the compiler drop our own checks"),
    (r"\b\w+_(LAST|MAX)\s*=", "an enumeration is never complete"),
    (r"\benum\s+\w+", "enumerations are anonymous"),
]
ALLOWED_INCLUDE = re.compile(r"<(stdint\.h|stddef\.h|vidstore/\w+\.h)>")
ENUM = re.compile(r"\benum\s*\{(.*?)\}", re.DOTALL)


def blank(match):
    """Keeps the line structure, so that positions still name the right line."""
    return re.sub(r"[^\n]", " ", match.group())


def check(name, text):
    code = COMMENT.sub(blank, text)
    problems = []

    def report(position, what):
        problems.append(f"{name}:{code.count(chr(10), 0, position) + 1}: {what}")

    for match in re.finditer(r"^[ \t]*#[ \t]*include[ \t]+(\S+)", code, re.MULTILINE):
        if not ALLOWED_INCLUDE.fullmatch(match.group(1)):
            report(match.start(), f"includes {match.group(1)}")
    for match in re.finditer(r"^[ \t]*#[ \t]*define[ \t]+\w+\(", code, re.MULTILINE):
        report(match.start(), "no function-like macros")
    declarations = re.sub(r"^[ \t]*#(\\\n|[^\n])*", blank, code, flags=re.MULTILINE)
    for pattern, why in FORBIDDEN:
        for match in re.finditer(pattern, declarations):
            report(match.start(), f"{' '.join(match.group().split())}: {why}")
    for match in ENUM.finditer(declarations):
        names = re.findall(r"\b([A-Z]\w*)\b", match.group(1))
        # The status codes are negative by themselves; all others need one negative number to be signed everywhere.
        if "VIDSTORE_OK" not in names and not any(n.endswith("_UNKNOWN") for n in names):
            report(match.start(), "an enumeration without _UNKNOWN = -1 is unsigned to some bindings")
    for match in re.finditer(r"\b(?:const\s+)?char\s*\*+\s*(?=vidstore_\w+\s*\()", declarations):
        if not match.group().startswith("const"):
            report(match.start(), "no owned char * is returned")
    return problems


def self_test():
    bad = ["bool x;", "long f(void);", "time_t t;", "double d;", "void f(int32_t a, ...);", "struct a { int32_t b; };",
           "static int32_t f(void);", "void f(void (*cb)(void));", "typedef struct x x_t;", "#include <stdio.h>",
           "#define A(x) x", "enum { A = 1 };", "char *vidstore_f(void);", "enum { A_UNKNOWN = -1, A_MAX = 2 };"]
    good = ["/* bool, long */", "VIDSTORE_API const char *vidstore_f(const void *data, int64_t size);",
            "#include <stdint.h>", "enum { A_UNKNOWN = -1, A_B = 2 };", "typedef struct vidstore vidstore;"]
    for text in bad:
        if not check("bad", text + "\n"):
            sys.exit(f"self-test: accepts {text}")
    for text in good:
        if check("good", text + "\n"):
            sys.exit(f"self-test: {check('good', text)}")


def main(folder):
    self_test()
    problems = []
    for path in sorted(glob.glob(os.path.join(folder, "*.h")) + glob.glob(os.path.join(folder, "*.h.in"))):
        with open(path, encoding="utf-8") as file:
            problems += check(os.path.basename(path), file.read())
    for problem in problems:
        print(problem)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
