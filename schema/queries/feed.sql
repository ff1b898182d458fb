-- SPDX-License-Identifier: MIT
-- The change feed. The triggers of the migration write it; these read and shorten it.

-- name: feed_page
SELECT seq, at_us, kind, noun, object_id, owner_id, version, state FROM feed WHERE seq > $1 ORDER BY seq LIMIT $2;

-- name: feed_last
SELECT seq FROM feed WHERE seq > $1 ORDER BY seq DESC LIMIT 1;

-- name: feed_old
-- Of the oldest entries the last one that is older than a time, and how many these are.
SELECT max(seq), count(*) FROM (SELECT seq, at_us FROM feed ORDER BY seq LIMIT $1) AS oldest WHERE at_us < $2;

-- name: feed_surplus
-- Of the oldest entries the last one up to a position, and how many these are.
SELECT max(seq), count(*) FROM (SELECT seq FROM feed WHERE seq <= $1 ORDER BY seq LIMIT $2) AS oldest;

-- name: feed_prune
DELETE FROM feed WHERE seq <= $1;
