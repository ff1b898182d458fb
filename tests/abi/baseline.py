# SPDX-License-Identifier: MIT
"""Compares the built library with the ABI that was last agreed on (vidstore.abi and constants.txt in this folder).

usage: baseline.py [--update] --library SO --headers FOLDER --api JSON --baseline FOLDER

Before 1.0 a change is allowed, but the baseline changes in the same commit (`./dev abi-update`), so that a reviewer
sees it. From 1.0 on nothing may go or change; functions and constants may be added.
"""
import argparse
import json
import os
import re
import subprocess
import sys

# Private structs are not part of the ABI.
PUBLIC_ONLY = ["--drop-private-types", "--exported-interfaces-only"]


def write_abi(args, path):
    command = ["abidw", "--headers-dir", args.headers, *PUBLIC_ONLY, "--no-corpus-path", "--no-comp-dir-path",
               "--no-elf-needed", "--no-show-locs", "--out-file", path, args.library]
    subprocess.run(command, check=True)


def machine(path):
    """What a library or a baseline is for, as abidw words it."""
    if path.endswith(".abi"):
        with open(path, encoding="utf-8") as file:
            return re.search(r"architecture='([^']+)'", file.read()).group(1)
    with open(path, "rb") as file:
        header = file.read(20)
    return {62: "elf-amd-x86_64", 183: "elf-arm-aarch64"}.get(header[18], str(header[18]))


def constants(api_path):
    with open(api_path, encoding="utf-8") as file:
        api = json.load(file)
    return {v["name"]: v["value"] for e in api["enums"] for v in e["values"]}


def compare_abi(args, baseline):
    """Prints what changed. 0: nothing; 1: something; 2: something that breaks programs."""
    if machine(baseline) != machine(args.library):
        print(f"the baseline is for {machine(baseline)}: not compared")
        return 0
    run = subprocess.run(["abidiff", "--headers-dir2", args.headers, *PUBLIC_ONLY, baseline, args.library],
                         capture_output=True, text=True)
    print(run.stdout + run.stderr, end="")
    if run.returncode & 3:
        sys.exit("abidiff itself failed")
    return 2 if run.returncode & 8 else 1 if run.returncode & 4 else 0


def compare_constants(args, baseline):
    with open(baseline, encoding="utf-8") as file:
        old = {name: int(value) for name, value in (line.split() for line in file if line[0] != "#")}
    new = constants(args.api)
    result = 0
    for name in sorted(old.keys() | new.keys()):
        if old.get(name) != new.get(name):
            print(f"constant {name}: {old.get(name, 'absent')} -> {new.get(name, 'absent')}")
            result = max(result, 2 if name in old else 1)
    return result


def update(args):
    write_abi(args, os.path.join(args.baseline, "vidstore.abi"))
    with open(os.path.join(args.baseline, "constants.txt"), "w", encoding="utf-8") as file:
        file.write("# Every public constant with its number. Written by `./dev abi-update`.\n")
        file.writelines(f"{name} {value}\n" for name, value in sorted(constants(args.api).items()))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--update", action="store_true")
    for name in ("library", "headers", "api", "baseline"):
        parser.add_argument("--" + name, required=True)
    args = parser.parse_args()
    if args.update:
        update(args)
        return 0
    changed = max(compare_abi(args, os.path.join(args.baseline, "vidstore.abi")),
                  compare_constants(args, os.path.join(args.baseline, "constants.txt")))
    with open(args.api, encoding="utf-8") as file:
        released = not json.load(file)["version"].startswith("0.")
    if changed == 2 and released:
        print("this breaks programs that exist: not within this soname")
    elif changed:
        print("the ABI differs from the baseline: look at the change, then run ./dev abi-update in the same commit")
    return 1 if changed else 0


if __name__ == "__main__":
    sys.exit(main())
