# SPDX-License-Identifier: MIT
"""Builds a meson project that has this one as a subproject, and runs what comes out.

usage: subproject.py SOURCE_ROOT
"""
import os
import shutil
import subprocess
import sys
import tempfile

PROJECT = """project('host', 'c', default_options: ['c_std=c11'])
vidstore = dependency('vidstore', version: '>= 0.1', fallback: ['vidstore', 'vidstore_dep'])
executable('host', 'consumer.c', dependencies: vidstore)
"""


def run(*command):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(command)}\n{done.stdout[-8000:]}\nexit status {done.returncode}")
    return done.stdout


def main(source):
    scratch = tempfile.mkdtemp(prefix="vidstore-subproject-")
    try:
        os.mkdir(os.path.join(scratch, "subprojects"))
        os.symlink(source, os.path.join(scratch, "subprojects", "vidstore"))
        shutil.copy(os.path.join(source, "tests", "consumer", "consumer.c"), scratch)
        with open(os.path.join(scratch, "meson.build"), "w", encoding="utf-8") as file:
            file.write(PROJECT)
        build = os.path.join(scratch, "build")
        # An installed copy must not be taken instead; and nothing is optimised, to be quick.
        run("meson", "setup", build, scratch, "--force-fallback-for=vidstore", "-Doptimization=0", "-Ddebug=false")
        run("ninja", "-C", build, "host")
        print(run(os.path.join(build, "host"), os.path.join(scratch, "store.vidstore")), end="")
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
