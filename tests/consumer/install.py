# SPDX-License-Identifier: MIT
"""Installs into an empty directory and uses what is there, as a stranger would: pkg-config, a C and a C++ program, a
foreign function interface. Then uninstalls, and nothing may be left.

usage: install.py SOURCE_ROOT BUILD_ROOT
"""
import json
import os
import shutil
import subprocess
import sys
import tempfile


def run(*command, **options):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options)
    if done.returncode:
        sys.exit(f"{' '.join(command)}\n{done.stdout}\nexit status {done.returncode}")
    return done.stdout


def all_files(folder):
    return sorted(os.path.relpath(os.path.join(d, f), folder) for d, _, names in os.walk(folder) for f in names)


def pkg_config(root, *arguments):
    """Only what was installed is visible, below a moved root."""
    folder = next(d for d, _, names in os.walk(root) if "vidstore.pc" in names)
    environment = dict(os.environ, PKG_CONFIG_LIBDIR=folder, PKG_CONFIG_SYSROOT_DIR=root)
    environment.pop("PKG_CONFIG_PATH", None)
    return run("pkg-config", *arguments, "vidstore", env=environment).split()


def check_pkg_config(root, version):
    """A shared library's private dependencies are not its users' business: with no .pc file but its own it must do."""
    assert pkg_config(root, "--modversion") == [version]
    assert pkg_config(root, "--print-requires-private") == [], "the .pc file names private dependencies"
    linked = [f for f in pkg_config(root, "--libs") if f.startswith("-l")]
    assert linked == ["-lvidstore"], linked


def check_programs(source, root, scratch, library_folder, version):
    cflags, libs = pkg_config(root, "--cflags"), pkg_config(root, "--libs")
    program = os.path.join(source, "tests", "consumer", "consumer.c")
    environment = dict(os.environ, LD_LIBRARY_PATH=library_folder)
    for name, compiler in (("c", ["cc", "-std=c99"]), ("cpp", ["c++", "-x", "c++", "-std=c++11"])):
        binary = os.path.join(scratch, "consumer-" + name)
        run(*compiler, "-Wall", "-Wextra", "-Wpedantic", "-Werror", *cflags, program, "-x", "none", "-o", binary, *libs)
        output = run(binary, os.path.join(scratch, name + ".vidstore"), env=environment)
        assert version in output, output


def check_ffi(library):
    """A process that knows nothing of C: every described function can be found by its name and one can be called."""
    code = ("import ctypes, json, sys; lib = ctypes.CDLL(sys.argv[1]); api = json.load(open(sys.argv[2]));"
            "[getattr(lib, f['name']) for f in api['functions']];"
            "lib.vidstore_status_name.restype = ctypes.c_char_p; lib.vidstore_status_name.argtypes = [ctypes.c_int32];"
            "values = {v['name']: v['value'] for e in api['enums'] if e['name'] == 'status' for v in e['values']};"
            "assert all(lib.vidstore_status_name(n).decode() == 'VIDSTORE_' [9:] + k[9:] for k, n in values.items());"
            "assert lib.vidstore_status_name(-9999) == b'UNKNOWN'")
    prefix = library[:library.rindex("/lib/")]
    api = os.path.join(prefix, "share", "vidstore", "vidstore-api.json")
    run(sys.executable, "-c", code, library, api)


def check_installed(root, source, installed):
    """Headers, man pages and the rest are where they are looked for."""
    names = {os.path.basename(f) for f in installed}
    for header in os.listdir(os.path.join(source, "include", "vidstore")):
        if header.endswith((".h", ".h.in")):
            assert header.removesuffix(".in") in names, f"{header} is not installed"
    api = next(f for f in installed if f.endswith("vidstore-api.json"))
    with open(os.path.join(root, api), encoding="utf-8") as file:
        functions = [f["name"] for f in json.load(file)["functions"]]
    missing = [f for f in functions if f + ".3" not in names]
    assert not missing, f"no man page installed: {missing}"
    for link in ("libvidstore.so", "libvidstore.so.0"):
        assert link in names, f"{link} is not installed"


def main(source, build):
    log = os.path.join(build, "meson-logs", "install-log.txt")
    version = json.loads(run("meson", "introspect", build, "--projectinfo"))["version"]
    scratch = tempfile.mkdtemp(prefix="vidstore-consumer-")
    kept = shutil.copy(log, os.path.join(scratch, "install-log.txt")) if os.path.exists(log) else None
    root = os.path.join(scratch, "root")
    try:
        run("meson", "install", "-C", build, "--no-rebuild", "--destdir", root)
        installed = all_files(root)
        library = os.path.join(root, next(f for f in installed if f.endswith("/libvidstore.so")))
        check_installed(root, source, installed)
        check_pkg_config(root, version)
        check_programs(source, root, scratch, os.path.dirname(library), version)
        check_ffi(library)
        run("ninja", "-C", build, "uninstall", env=dict(os.environ, DESTDIR=root))
        assert all_files(root) == [], f"left behind: {all_files(root)}"
    finally:
        if kept:  # what a real installation wrote there is needed to take it away again
            shutil.copy(kept, log)
        shutil.rmtree(scratch, ignore_errors=True)
    print(f"{len(installed)} files installed, used and taken away")


if __name__ == "__main__":
    main(*sys.argv[1:])
