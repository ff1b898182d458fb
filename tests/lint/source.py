# SPDX-License-Identifier: MIT
"""What the lint scripts share: which files there are, and C without its comments and strings."""
import os
import re
import subprocess

TOKEN = re.compile(r"/\*.*?\*/|//[^\n]*|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'", re.DOTALL)


def files(root, *folders, suffixes=(".c", ".h")):
    """Paths below the folders that end so, relative to root, sorted."""
    found = []
    for folder in folders or ("",):
        for directory, names, leaves in os.walk(os.path.join(root, folder)):
            names[:] = [n for n in names if not n.startswith(("build", ".", "__pycache__"))]
            found += [os.path.relpath(os.path.join(directory, leaf), root)
                      for leaf in leaves if leaf.endswith(suffixes)]
    return sorted(found)


def tracked(root):
    """Every file that is or would be committed; everything there is where git is not at hand (a source archive)."""
    command = ["git", "-C", root, "ls-files", "-co", "--exclude-standard"]
    try:
        listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    except (OSError, subprocess.CalledProcessError):
        return files(root, suffixes=("",))
    return sorted(f for f in listed if os.path.isfile(os.path.join(root, f)))


def read(root, path):
    with open(os.path.join(root, path), encoding="utf-8") as file:
        return file.read()


def blank(match):
    """Keeps the line structure, so that positions still name the right line."""
    return re.sub(r"[^\n]", " ", match.group())


def code_only(text):
    return TOKEN.sub(blank, text)


def without_comments(text):
    return TOKEN.sub(lambda m: blank(m) if m.group().startswith("/") else m.group(), text)


def line_of(text, position):
    return text.count("\n", 0, position) + 1


def report(problems, what):
    """Prints what was found and gives the exit status."""
    for problem in problems:
        print(problem)
    print(f"{what}: {len(problems)} problem{'' if len(problems) == 1 else 's'}")
    return 1 if problems else 0
