#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Applies all migrations to a real PostgreSQL and prepares every statement there.

    postgres.py ROOT CATALOG

The server is started for the test, on a socket in a folder of its own, and stopped after it. Exit 77 (skipped) only
where PostgreSQL is not installed.
"""
import glob
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

SKIP = 77


def find_binaries():
    found = [os.path.dirname(p) for p in glob.glob('/usr/lib/postgresql/*/bin/initdb')]
    found.sort(key=lambda p: int(re.search(r'/(\d+)/', p).group(1)))
    if found:
        return Path(found[-1])
    initdb = shutil.which('initdb')
    return Path(initdb).parent if initdb else None


class Server:
    """A cluster of its own; initdb and postgres refuse to be root, so root hands them to the user postgres."""

    def __init__(self, binaries):
        self.binaries = binaries
        self.prefix = ['runuser', '-u', 'postgres', '--'] if os.geteuid() == 0 else []

    def run(self, *command, **more):
        return subprocess.run([*self.prefix, *map(str, command)], check=True, cwd='/', stdout=subprocess.DEVNULL,
                              **more)

    def __enter__(self):
        self.folder = Path(tempfile.mkdtemp(prefix='vs-pg-'))
        if self.prefix:
            shutil.chown(self.folder, 'postgres')
        data = self.folder / 'data'
        self.run(self.binaries / 'initdb', '-D', data, '-U', 'tester', '-A', 'trust', '-E', 'UTF8', '--locale=C', '-N')
        settings = f"-c listen_addresses='' -c unix_socket_directories='{self.folder}' -c fsync=off"
        self.run(self.binaries / 'pg_ctl', '-D', data, '-o', settings, '-l', self.folder / 'log', '-w', 'start')
        return self

    def __exit__(self, *_):
        self.run(self.binaries / 'pg_ctl', '-D', self.folder / 'data', '-m', 'immediate', 'stop')
        shutil.rmtree(self.folder)

    def psql(self, text, *options):
        """Runs a script and gives what it said on stderr."""
        script = self.folder / 'script.sql'
        script.write_text(text, encoding='utf-8')
        script.chmod(0o644)
        command = [*self.prefix, str(self.binaries / 'psql'), '-X', '-q', '-h', str(self.folder), '-U', 'tester',
                   '-d', 'postgres', '-f', str(script), *options]
        return subprocess.run(command, cwd='/', capture_output=True, text=True, check=False)


def fill(statement, holes):
    def one(match):
        if match.group(1) not in holes:
            sys.exit(f"{statement['name']}: tests/schema/holes.json has nothing for {match.group(0)}")
        value = holes[match.group(1)]
        return value['postgres'] if isinstance(value, dict) else value
    return re.sub(r'\{\{(\w+)\}\}', one, statement['postgres'])


def migrate(server, catalog):
    for m in catalog['migrations']:
        done = server.psql(m['postgres'] + ';\n', '-v', 'ON_ERROR_STOP=1', '-1')
        if done.returncode:
            sys.exit(f"migration {m['version']} ({m['name']}): {done.stderr}")


def prepare(server, texts):
    """The messages of those that PostgreSQL does not take, by name. One line each, so that the line tells which."""
    script = ''.join(f'PREPARE s{i} AS {sql};\n' for i, (_, sql) in enumerate(texts))
    said = server.psql(script).stderr
    bad = {}
    for match in re.finditer(r'script\.sql:(\d+): (?:ERROR|FATAL): +(.*)', said):
        bad[texts[int(match.group(1)) - 1][0]] = match.group(2)
    if said and not bad:
        sys.exit(f'psql: {said}')
    return bad


DOCUMENT = ('{"year": 1999, "g": "Noir", "crew": {"a b": "Lang"}, "half": 7.5, "seen": true, '
            '"tags": ["x", 3], "no": null}')
# A path, a value, and how the member compares with it, as filters on metadata do it on SQLite.
COMPARED = [('["year"]', '1999', '0'), ('["year"]', '"1999"', ''), ('["year"]', '2001', '-1'),
            ('["half"]', '7.25', '1'), ('["g"]', '"noir"', '-1'), ('["crew", "a b"]', '"Lang"', '0'),
            ('["seen"]', 'false', '1'), ('["tags"]', '3', '0'), ('["tags"]', '4', ''), ('["no"]', '1', ''),
            ('["g", "x"]', '1', ''), ('["other"]', '1', '')]


def wrong_members(server):
    script = ''.join(f"SELECT vs_compare('{DOCUMENT}', '{path}', '{value}');\n" for path, value, _ in COMPARED)
    said = server.psql(script, '-At')
    return [f'{row[0]} against {row[1]} is "{got}"' for row, got in zip(COMPARED, said.stdout.split('\n'))
            if got != row[2]] + said.stderr.splitlines()


def main(root, catalog_path):
    binaries = find_binaries()
    if binaries is None:
        print('SKIPPED: PostgreSQL is not installed, so no statement was prepared on it', file=sys.stderr)
        return SKIP
    catalog = json.loads(Path(catalog_path).read_text(encoding='utf-8'))
    holes = json.loads((Path(root) / 'tests/schema/holes.json').read_text(encoding='utf-8'))
    texts = [(s['name'], fill(s, holes).replace('\n', ' ')) for s in catalog['statements']]
    with Server(binaries) as server:
        migrate(server, catalog)
        wrong = wrong_members(server)
        bad = prepare(server, texts)
        # The test must be able to fail.
        if list(prepare(server, [('good', 'SELECT 1'), ('bad', 'SELECT nothing FROM nowhere')])) != ['bad']:
            sys.exit('a bad statement was not noticed')
    for name, message in bad.items():
        print(f'{name}: {message}')
    for message in wrong:
        print(f'vs_compare: {message}')
    print(f'{len(texts) - len(bad)} of {len(texts)} statements prepared, '
          f'{len(catalog["migrations"])} migrations applied')
    return 1 if bad or wrong else 0


if __name__ == '__main__':
    sys.exit(main(*sys.argv[1:3]))
