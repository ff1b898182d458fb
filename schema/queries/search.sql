-- SPDX-License-Identifier: MIT
-- each: users jobs videos files audit
-- Words beside each noun's table. {table}_search is a table, and asked with an expression it is a function as well: of
-- FTS5 on SQLite, of our own on PostgreSQL.

-- name: {noun}_search_put
INSERT INTO {table}_search (rowid, title_words, series_words, season_words, file_words, tag_words, more_words, marks)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8);

-- name: {noun}_search_drop
DELETE FROM {table}_search WHERE rowid = $1;

-- name: {noun}_search_last
-- The newest record that is in the index.
SELECT rowid FROM {table}_search ORDER BY rowid DESC LIMIT 1;

-- name: {noun}_search_list :template
SELECT seq, {columns} FROM {table}_search({{match}}) AS found CROSS JOIN {table} WHERE seq = found.rowid AND {{where}}
ORDER BY {{found_order}} LIMIT {{limit}};

-- name: {noun}_search_hits :template
-- Where they are, newest first: through the marks of who asks.
SELECT found.rowid AS place, {{score}} AS score FROM {{words}} AS found CROSS JOIN {table}
WHERE seq = found.rowid AND {{where}} ORDER BY {{found_order}} LIMIT {{limit}}

-- name: {noun}_search_granted :template
-- These, and what has no mark of who asks: row by row. {{words}} is the index with an expression, or without one, when
-- the condition says it all: asked for one row, an expression is followed to the next one that fits it.
SELECT place, score FROM ({{hits}}) AS own UNION ALL SELECT place, score FROM (
    SELECT seq AS place, {{score}} AS score FROM {table} CROSS JOIN {{words}} AS found
    WHERE {table}.seq IN ({{granted}}) AND found.rowid = {table}.seq AND {{where}}
    ORDER BY {{granted_order}} LIMIT {{limit}}) AS others

-- name: {noun}_search_best :template
-- The best of the newest: to rank all that a common word finds would read the whole index.
SELECT seq, {columns} FROM ({{hits}}) AS hit CROSS JOIN {table} WHERE seq = hit.place
ORDER BY hit.score, seq DESC LIMIT {{limit}};

-- name: {noun}_search_reach :template
SELECT count(*), min(place), max(place) FROM ({{hits}}) AS hit;

-- name: {noun}_search_few
-- How many rows an expression finds, up to a limit, and between which places.
SELECT count(*), min(place), max(place) FROM (SELECT found.rowid AS place FROM {table}_search($1) AS found
    ORDER BY found.rowid DESC LIMIT $2) AS hit;

-- name: {noun}_search_words
-- The words of the index that come next from one on, each with one seek: $2 is the least that a longer word goes on
-- with. Where they don't begin with the first any more, whoever reads them stops.
WITH RECURSIVE words(word) AS (
    SELECT (SELECT term FROM {table}_terms WHERE term >= $1 ORDER BY term LIMIT 1)
    UNION ALL
    SELECT (SELECT term FROM {table}_terms WHERE term >= words.word || $2 ORDER BY term LIMIT 1) FROM words
    WHERE words.word IS NOT NULL)
SELECT word FROM words LIMIT $3;

-- name: {noun}_search_count :template
SELECT count(*) FROM (SELECT place FROM ({{hits}}) AS hit LIMIT {{limit}}) AS counted;

-- name: {noun}_by_seq
-- What the index knows of a record, and no more: a job's sources alone can be a megabyte.
SELECT seq, {found} FROM {table} WHERE seq = $1;
