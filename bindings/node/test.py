# SPDX-License-Identifier: MIT
"""Puts the Node package together in a folder of the build, with what npm has of koffi, and runs its tests.

usage: test.py NODE NPM SOURCE API_JSON LIBRARY WORK
"""
import os
import re
import shutil
import subprocess
import sys

SKIPPED = 77


def wanted(name):
    return name.endswith((".mjs", ".json"))


def install(npm, work):
    """What is missing when koffi can't be had; None when it is there."""
    lock = os.path.join(work, "package-lock.json")
    stamp = os.path.join(work, "node_modules", ".package-lock.json")
    if os.path.exists(stamp) and os.path.getmtime(stamp) >= os.path.getmtime(lock):
        return None
    try:
        done = subprocess.run([npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=work, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=120, check=False)
    except subprocess.TimeoutExpired:
        return "npm found no registry in time"
    return None if done.returncode == 0 else done.stdout.strip()


def main(node, npm, source, api, library, work):
    version = subprocess.run([node, "--version"], text=True, stdout=subprocess.PIPE, check=True).stdout
    if int(re.match(r"v(\d+)", version).group(1)) < 18:
        print(f"skipped: Node {version.strip()} is older than 18")
        return SKIPPED
    os.makedirs(work, exist_ok=True)
    for name in filter(wanted, os.listdir(source)):
        shutil.copy2(os.path.join(source, name), work)
    missing = install(npm, work)
    if missing:
        print(f"skipped: koffi, which the package is made of, could not be had from npm:\n{missing}")
        return SKIPPED
    environment = {**os.environ, "VIDSTORE_API": os.path.abspath(api), "VIDSTORE_LIBRARY": os.path.abspath(library),
                   "LD_LIBRARY_PATH": os.path.dirname(os.path.abspath(library)),
                   "VIDSTORE_CONFORMANCE": os.path.join(os.path.dirname(source), "conformance", "calls.json")}
    done = subprocess.run([node, "--test", "--test-reporter=tap", "vidstore.test.mjs"], cwd=work, env=environment,
                          text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    print(done.stdout)
    good, bad = (int(re.search(rf"^# {word} (\d+)$", done.stdout, re.MULTILINE).group(1)) for word in ("pass", "fail"))
    print(f"{100 * good // max(1, good + bad)}%: Checks: {good + bad}, Failures: {bad}, Errors: {int(not good)}")
    return done.returncode or int(not good)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
