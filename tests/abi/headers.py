# SPDX-License-Identifier: MIT
"""Compiles each public header alone and included twice, as every C and C++ that a host may be written in.

usage: headers.py FOLDER… (each is searched for vidstore/*.h)
"""
import concurrent.futures
import glob
import os
import shutil
import subprocess
import sys
import tempfile

COMPILERS = [(compiler, "c", ["c99", "c11", "c17"]) for compiler in ("gcc", "clang")]
COMPILERS += [(compiler, "cpp", ["c++11", "c++17", "c++20"]) for compiler in ("g++", "clang++")]
STRICT = ["-Wall", "-Wextra", "-Wpedantic", "-Werror", "-Wundef", "-fsyntax-only"]


def compile_one(job):
    compiler, language, standard, folders, header, source = job
    command = [compiler, f"-std={standard}", *STRICT, *[f"-I{f}" for f in folders], source]
    if language == "c":
        command += ["-Wstrict-prototypes", "-Wc++-compat"]
    run = subprocess.run(command, capture_output=True, text=True)
    return (header, compiler, standard, run.stderr) if run.returncode else None


def main(folders):
    headers = sorted({os.path.basename(p) for f in folders for p in glob.glob(os.path.join(f, "vidstore", "*.h"))})
    if not headers:
        sys.exit("no header found")
    missing = [compiler for compiler, _, _ in COMPILERS if not shutil.which(compiler)]
    if missing:
        sys.exit("not there: " + " ".join(missing))
    with tempfile.TemporaryDirectory() as scratch:
        jobs = []
        for header in headers:
            for language in ("c", "cpp"):
                with open(os.path.join(scratch, f"{header}.{language}"), "w", encoding="utf-8") as file:
                    file.write(f"#include <vidstore/{header}>\n" * 2 + "typedef int not_empty;\n")
            jobs += [(compiler, language, standard, folders, header, os.path.join(scratch, f"{header}.{language}"))
                     for compiler, language, standards in COMPILERS for standard in standards]
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            failures = [f for f in pool.map(compile_one, jobs) if f]
    for header, compiler, standard, errors in failures[:20]:
        print(f"{header} as {standard} by {compiler}:\n{errors}")
    print(f"{len(jobs)} compilations of {len(headers)} headers, {len(failures)} failed")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
