#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Breaks each rule of schema/embed.py once and expects it to say so; and reads back what it makes of good input.

    embed_rules.py ROOT
"""
import json
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

ROOT = Path(sys.argv[1])
BASE = 'CREATE TABLE t (\n  id {uuid} NOT NULL UNIQUE,\n  n {int} NOT NULL\n) {strict};\n'
FIELDS = 'VS_FIELD(ID, 1001, UUID, id, "id", VS_ONCE, 36, NULL)\nVS_FIELD(N, 1002, INT, n, "number", VS_SET, 0, NULL)\n'


class Rules(unittest.TestCase):
    def run_on(self, queries='', migrations=None, fields=FIELDS):
        with tempfile.TemporaryDirectory() as name:
            root = Path(name)
            for folder in ('schema/queries', 'schema/migrations', 'lib/things', 'out'):
                (root / folder).mkdir(parents=True)
            (root / 'schema/queries/q.sql').write_text(queries)
            for file, text in (migrations or {'0001_base.sql': BASE}).items():
                (root / 'schema/migrations' / file).write_text(text)
            if fields:
                (root / 'lib/things/thing_fields.h').write_text(fields)
            command = [sys.executable, '-B', ROOT / 'schema/embed.py', name, root / 'out', root / 'out/d']
            done = subprocess.run([str(c) for c in command], capture_output=True, text=True, check=False)
            catalog = root / 'out/catalog.json'
            return done, json.loads(catalog.read_text()) if catalog.exists() else None

    def good(self, queries, **more):
        done, catalog = self.run_on(queries, **more)
        self.assertEqual(done.returncode, 0, done.stderr)
        return {s['name']: s for s in catalog['statements']}, catalog

    def bad(self, what, queries='', **more):
        done, _ = self.run_on(queries, **more)
        self.assertNotEqual(done.returncode, 0, 'was taken')
        self.assertIn(what, done.stderr)

    def test_texts(self):
        found, catalog = self.good(
            '-- name: a\n-- why\nSELECT id, n FROM t WHERE id = $1 AND n = $2 AND id > $1;\n'
            '-- name: b\n-- @sqlite\nSELECT n FROM t LIMIT 1;\n-- @postgres\nSELECT n FROM t FETCH FIRST 1 ROW ONLY;\n'
            "-- name: c :template\nSELECT count(*) FROM t WHERE {{where}} AND n <> '-- ; \"?';\n"
            '-- name: d\nWITH x AS (SELECT id, n FROM t) INSERT INTO t (id, n) SELECT id, n FROM x RETURNING n;\n')
        self.assertEqual(found['a']['sqlite'], 'SELECT id, n FROM t WHERE id = $1 AND n = $2 AND id > $1')
        self.assertEqual((found['a']['params'], found['a']['columns']), (2, 2))
        self.assertEqual(found['b']['postgres'], 'SELECT n FROM t FETCH FIRST 1 ROW ONLY')
        self.assertEqual((found['c']['template'], found['c']['columns']), (True, 1))
        self.assertEqual(found['d']['columns'], 1)
        self.assertEqual(catalog['migrations'][0]['postgres'].strip(),
                         'CREATE TABLE t ( id UUID NOT NULL UNIQUE, n BIGINT NOT NULL )')
        self.assertTrue(catalog['migrations'][0]['sqlite'].endswith('STRICT'))

    def test_each(self):
        found, _ = self.good('-- each: things strangers\n'
                             '-- name: {noun}_add\nINSERT INTO {table} ({columns}) VALUES ({values});\n'
                             '-- name: {noun}_get\n'
                             'SELECT {columns@u} FROM {table} u WHERE id = $1 AND {n} = 2 AND n = ${n+0};\n')
        self.assertEqual(found['thing_add']['sqlite'], 'INSERT INTO things (id, n) VALUES ($1, $2)')
        self.assertEqual(found['thing_get']['sqlite'],
                         'SELECT u.id, u.n FROM things u WHERE id = $1 AND 2 = 2 AND n = $2')
        self.assertEqual(len(found), 2)

    def test_nouns_elsewhere(self):
        found, _ = self.good('-- name: a\nSELECT {things.columns} FROM {things.table} WHERE id = {nil};\n')
        self.assertEqual(found['a']['sqlite'], "SELECT id, n FROM things WHERE id = x'" + '0' * 32 + "'")

    def test_statement_rules(self):
        head = '-- name: a\n'
        self.bad('$2 appears before $1', head + 'SELECT n FROM t WHERE n = $2 AND id = $1;')
        self.bad('name the columns', head + 'SELECT * FROM t;')
        self.bad('name the columns', head + 'SELECT t.* FROM t;')
        self.bad('double quotes', head + 'SELECT "n" FROM t;')
        self.bad('OFFSET', head + 'SELECT n FROM t LIMIT 1 OFFSET 3;')
        self.bad('OR IGNORE', head + 'INSERT OR IGNORE INTO t (n) VALUES ($1);')
        self.bad('OR IGNORE', head + 'UPDATE OR IGNORE t SET n = $1;')
        self.bad('OR FAIL', head + 'INSERT OR FAIL INTO t (n) VALUES ($1);')
        self.bad('REPLACE INTO', head + 'REPLACE INTO t (n) VALUES ($1);')
        self.bad('parameters are', head + 'SELECT n FROM t WHERE n = ?;')
        self.bad('more than one statement', head + 'SELECT 1; SELECT 2;')
        self.bad('a list without LIMIT', '-- name: t_list\nSELECT n FROM t;')
        self.bad('unknown macro', head + 'SELECT {nothing} FROM t;')
        self.bad('go together', head + 'SELECT n FROM t WHERE {{where}};')
        self.bad('go together', '-- name: a :template\nSELECT n FROM t;')
        self.bad('too', head + 'SELECT 1;\n' + head + 'SELECT 1;')
        self.bad('no text', head + '\n-- name: b\nSELECT 1;')
        self.bad('no text for postgres', head + '-- @sqlite\nSELECT 1;')
        self.bad('unknown variant', head + '-- @oracle\nSELECT 1;')
        self.bad('different columns', head + '-- @sqlite\nSELECT 1;\n-- @postgres\nSELECT 1, 2;')
        self.bad('without a name', 'SELECT 1;')
        self.bad('small letters', '-- name: Upper\nSELECT 1;')
        self.bad('unknown mark', '-- name: a :quick\nSELECT 1;')
        variants = [f'-- name: v{i}\n-- @sqlite\nSELECT 1;\n-- @postgres\nSELECT 2;\n' for i in range(5)]
        self.bad('more than one in eight', ''.join(variants))

    def test_migration_rules(self):
        self.bad('missing or taken twice', migrations={'0002_base.sql': BASE})
        self.bad('missing or taken twice', migrations={'0001_a.sql': BASE, '0001_b.sql': BASE})
        self.bad('NNNN_name.sql', migrations={'1_base.sql': BASE})
        self.bad('is not {strict}', migrations={'0001_base.sql': BASE.replace('{strict}', '')})
        self.bad('is not between', migrations={'0001_base.sql': '-- compatible: 2\n' + BASE})
        self.bad('unknown macro', migrations={'0001_base.sql': BASE.replace('{int}', '{integer}')})
        self.bad('double quotes', migrations={'0001_base.sql': BASE.replace(' n ', ' "n" ')})
        self.bad('no migration', migrations={'.hidden': ''})
        self.bad('named twice', fields=FIELDS + FIELDS)

    def test_migration_blocks(self):
        block = ('-- each {noun} {a}: key api_keys, login logins\n'
                 'CREATE VIEW v_{noun} AS SELECT {text_of@n} FROM {a};\n-- end\n')
        _, catalog = self.good('', migrations={'0001_base.sql': BASE, '0002_x.sql': block + 'SELECT 1;\n'})
        self.assertEqual(catalog['migrations'][1]['postgres'],
                         'CREATE VIEW v_key AS SELECT CAST(n AS TEXT) FROM api_keys; '
                         'CREATE VIEW v_login AS SELECT CAST(n AS TEXT) FROM logins; SELECT 1')
        self.assertIn('substr(hex(n), 9, 4)', catalog['migrations'][1]['sqlite'])
        for what, text in (('are not words for', block.replace(' logins', '')), ('without -- end', block[:-7]),
                           ('of nothing', '-- end\n'), ('it ends with', block[:-7] + block),
                           ('it ends with', '-- each: keys\n-- end\n'),
                           ('unknown macro', '-- each {a}: b\n{b}\n-- end')):
            self.bad(what, migrations={'0001_base.sql': BASE + text})
        table = '-- each {t}: b, c\nCREATE TABLE {t} (n {int}) %s;\n-- end\n'
        self.bad('table b is not {strict}', migrations={'0001_base.sql': BASE + table % ''})
        self.good('', migrations={'0001_base.sql': BASE + table % '{strict}'})

    def test_migration_parts(self):
        _, catalog = self.good('', migrations={'0001_base.sql': BASE, '0002_x.sql':
                               '-- compatible: 1\n-- @rewrite\n'
                               '-- @sqlite\nSELECT 1;\n-- @postgres\nSELECT 2;\n-- @both\nSELECT 3;\n'})
        self.assertEqual(catalog['migrations'][1]['sqlite'], 'SELECT 1; SELECT 3')
        self.assertEqual(catalog['migrations'][1]['postgres'], 'SELECT 2; SELECT 3')
        self.assertEqual(catalog['migrations'][1]['compatible'], 1)


if __name__ == '__main__':
    unittest.main(argv=sys.argv[:1])
