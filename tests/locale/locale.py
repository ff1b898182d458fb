#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Makes the German locale in a folder of its own and runs a program under it: locale.py PROGRAM."""
import os
import shutil
import subprocess
import sys
import tempfile


def main(program):
    if not shutil.which("localedef") or not os.path.exists("/usr/share/i18n/locales/de_DE"):
        print("SKIPPED: the package locales is not installed", file=sys.stderr)
        return 77
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["localedef", "-i", "de_DE", "-f", "UTF-8", os.path.join(folder, "de_DE.UTF-8")], check=True)
        # The C library keeps LOCPATH in pieces and never frees them: no leak of ours.
        suppressions = os.path.join(folder, "leaks")
        with open(suppressions, "w", encoding="ascii") as file:
            file.write("leak:argz_add_sep\n")
        env = {**os.environ, "LOCPATH": folder, "LC_ALL": "de_DE.UTF-8", "LSAN_OPTIONS": f"suppressions={suppressions}"}
        done = subprocess.run([program], env=env, check=False)
        return done.returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
