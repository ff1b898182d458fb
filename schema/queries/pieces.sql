-- SPDX-License-Identifier: MIT
-- Pieces of the lists that lib/record composes; the same text for every engine. {{from}} is what a table is joined
-- with, before its name.

-- name: piece_way :template
-- The rows of one way to what may be visible. {{key}} is the column that a page is sorted by before them, if any.
SELECT {{key}}{{seq}} AS at FROM {{from}}{{table}} WHERE {{when}}

-- name: piece_ways :template
SELECT at FROM ({{ways}}) AS found

-- name: piece_ways_page :template
-- No more of them than a page needs.
SELECT at FROM ({{ways}} ORDER BY {{order}} LIMIT {{limit}}) AS found

-- name: piece_granted :template
-- What was granted, for rows that hang on it.
SELECT g_object FROM {{granted_from}}

-- name: piece_words :template
-- The words of one row, for a test of them.
SELECT {{test}} FROM {{words}} AS found WHERE found.rowid = {{row}}

-- name: piece_fresh :template
-- Records that are not in the index of words yet, as it would give them: pairs of place and rank.
SELECT column1 AS rowid, column2 AS rank FROM (VALUES {{pairs}}) AS fresh

-- name: piece_places :template
SELECT place FROM ({{hits}}) AS hit
