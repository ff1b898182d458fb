# SPDX-License-Identifier: MIT
"""The demonstration with files of one's own: a single one; and some with one name, the name of the hostile one, damage.

usage: demo_files.py DEMO      with the build directory in BUILD
"""
import os
import struct
import subprocess
import sys
import tempfile
import wave


def write_tone(path, seconds, cut=0):
    """Real media without the help of any program; the last `cut` bytes are missing."""
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with wave.open(path, "wb") as file:
        file.setparams((1, 2, 8000, 0, "NONE", ""))
        file.writeframes(b"".join(struct.pack("<h", (i * 37) % 2000 - 1000) for i in range(seconds * 8000)))
    os.truncate(path, os.path.getsize(path) - cut)


def main(demo):
    failed = 0
    with tempfile.TemporaryDirectory(prefix="vidstore-demo-files-") as folder:
        paths = [os.path.join(folder, name) for name in
                 ("one/a tone.wav", "two/a tone.wav", "holiday.mp4", "cut.wav", "five.wav", "six.wav")]
        for seconds, path in enumerate(paths, 6):
            write_tone(path, seconds, cut=20000 if "cut" in path else 0)
        for files in (paths[:1], paths):
            done = subprocess.run(["sh", demo, "--quiet", *files], capture_output=True, text=True, timeout=250)
            failed += done.returncode != 0 or "claims hold" not in done.stdout
            print(len(files), done.stdout, done.stderr)
    return failed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
