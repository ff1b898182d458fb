# SPDX-License-Identifier: MIT
"""README.md shows examples/basic.c and basic.py to the letter, and every path that it links to is there."""
import pathlib
import re
import sys

root = pathlib.Path(sys.argv[1])
readme = (root / "README.md").read_text(encoding="utf-8")
faults = []
for language, name in (("c", "basic.c"), ("python", "basic.py")):
    blocks = re.findall(rf"^```{language}\n(.*?)^```$", readme, re.MULTILINE | re.DOTALL)
    licence, program = (root / "examples" / name).read_text(encoding="utf-8").split("\n", 1)
    if "SPDX" not in licence or program not in blocks:
        faults.append(f"README.md does not show examples/{name} as it is")
for target in re.findall(r"\]\((?!http)([^)#]+)", readme):
    if not (root / target).exists():
        faults.append(f"README.md links to {target}, which is not there")
commands = (root / "dev").read_text(encoding="utf-8")
for command in set(re.findall(r"\./dev (\w+)", readme)):
    if f"do_{command}()" not in commands and command != "help":
        faults.append(f"README.md names ./dev {command}, which does not exist")
print("\n".join(faults) or "README.md is right")
sys.exit(1 if faults else 0)
