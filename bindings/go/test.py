# SPDX-License-Identifier: MIT
"""Puts the Go package together in a folder of the build, with the calls written for this API, and runs its tests.

usage: test.py GO SOURCE API_JSON LIBRARY WORK INCLUDE…
"""
import os
import re
import shutil
import subprocess
import sys


def build(source, api, work):
    """The package: what stands in the source tree, and what comes from the API description."""
    os.makedirs(work, exist_ok=True)
    for name in os.listdir(source):
        if name.endswith((".go", ".mod")):
            shutil.copy(os.path.join(source, name), work)
    subprocess.run([sys.executable, os.path.join(source, "generate.py"), api, os.path.join(work, "calls_gen.go")],
                   check=True)


def main(go, source, api, library, work, *includes):
    build(source, api, work)
    folder = os.path.dirname(os.path.abspath(library))
    conformance = os.path.join(os.path.dirname(source), "conformance", "calls.json")
    environment = {**os.environ, "CGO_ENABLED": "1", "GOPROXY": "off", "GOTOOLCHAIN": "local", "GOFLAGS": "-mod=mod",
                   "CGO_CFLAGS": " ".join(f"-I{folder}" for folder in includes), "CGO_LDFLAGS": f"-L{folder}",
                   "LD_LIBRARY_PATH": folder, "VIDSTORE_CONFORMANCE": conformance}
    environment.pop("MALLOC_PERTURB_", None)
    done = subprocess.run([go, "test", "-count=1", "-v", "."], cwd=work, env=environment, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    print(done.stdout)
    good, bad = (len(re.findall(rf"^--- {word}:", done.stdout, re.MULTILINE)) for word in ("PASS", "FAIL"))
    print(f"{100 * good // max(1, good + bad)}%: Checks: {good + bad}, Failures: {bad}, Errors: {int(not good)}")
    return done.returncode or int(not good)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
