-- SPDX-License-Identifier: MIT
-- each: users jobs videos files audit
-- Words beside each noun's table. {table}_search is a table, and asked with an expression it is a function as well: of
-- FTS5 on SQLite, of our own on PostgreSQL.

-- name: {noun}_search_put
INSERT INTO {table}_search (rowid, title_words, series_words, file_words, tag_words, more_words, marks)
VALUES ($1, $2, $3, $4, $5, $6, $7);

-- name: {noun}_search_drop
DELETE FROM {table}_search WHERE rowid = $1;

-- name: {noun}_search_list :template
SELECT seq, {columns} FROM {table}_search({{match}}) AS found CROSS JOIN {table} WHERE seq = found.rowid AND {{where}}
ORDER BY {{found_order}} LIMIT {{limit}};

-- name: {noun}_search_best :template
-- The best of the newest: to rank all that a common word finds would read the whole index.
SELECT seq, {columns} FROM (SELECT found.rowid AS place, found.rank AS score
    FROM {table}_search({{match}}, 'vs_rank()') AS found CROSS JOIN {table} WHERE seq = found.rowid AND {{where}}
    ORDER BY found.rowid DESC LIMIT 1000) AS best
CROSS JOIN {table} WHERE seq = best.place ORDER BY best.score, seq DESC LIMIT {{limit}};

-- name: {noun}_search_count :template
SELECT count(*) FROM (SELECT 1 FROM {table}_search({{match}}) AS found CROSS JOIN {table} WHERE seq = found.rowid
AND {{where}} LIMIT {{limit}}) AS counted;

-- name: {noun}_by_seq
SELECT seq, {columns} FROM {table} WHERE seq = $1;
