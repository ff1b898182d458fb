# SPDX-License-Identifier: MIT
"""What the tests of the command share: running it, with a pipe or a terminal, on a store of its own a case."""
import fcntl
import json
import os
import pty
import select
import shutil
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


def main():
    result = unittest.main(argv=[sys.argv[0], *sys.argv[2:]], exit=False).result
    bad_failures, bad_errors = len(result.failures), len(result.errors)
    percent = 100 if result.wasSuccessful() else 0
    # As libcheck says it, so that the totals count each case.
    print(f"{percent}%: Checks: {result.testsRun}, Failures: {bad_failures}, Errors: {bad_errors}")
    return 0 if result.wasSuccessful() and result.testsRun else 1
