-- SPDX-License-Identifier: MIT
-- each: users jobs videos collections files
-- What every noun needs alike.

-- name: {noun}_by_id
SELECT seq, {columns} FROM {table} WHERE id = $1;

-- name: {noun}_by_external
SELECT seq, {columns} FROM {table} WHERE user_id = $1 AND external_id = $2 AND deleted_us IS NULL;

-- name: {noun}_insert
INSERT {or_fail} INTO {table} ({columns}) VALUES ({values});

-- name: {noun}_update :template
UPDATE {or_fail} {table} SET {{set}} WHERE id = {{id}};

-- name: {noun}_list :template
-- from: what the table is joined with, before its name; none of it has a column of the table's.
SELECT seq, {columns} FROM {{from}}{table} WHERE {{where}} ORDER BY {{order}} LIMIT {{limit}};

-- name: {noun}_count :template
SELECT count(*) FROM (SELECT 1 FROM {table} WHERE {{where}} LIMIT {{limit}}) AS counted;

-- name: {noun}_purge
DELETE FROM {table} WHERE id = $1;
