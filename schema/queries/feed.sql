-- SPDX-License-Identifier: MIT
-- The change feed. The triggers of the migration write it; these read and shorten it.

-- name: feed_page
SELECT seq, at_us, kind, noun, object_id, owner_id, version, state, name, open, twin FROM feed WHERE seq > $1
ORDER BY seq LIMIT $2;

-- name: feed_app
-- A table of the host's has changed.
INSERT INTO feed (at_us, kind, noun, object_id, owner_id, version, name)
VALUES ($1, 20, 'app', {nil}, {nil}, 0, $2);

-- name: feed_guest
-- Whether anything was granted to a user.
SELECT 1 FROM grants WHERE subject_id = $1 AND denies = 0 LIMIT 1;

-- name: feed_job
-- What the policy wants to know of a record, in the same columns for each noun.
SELECT deleted_us, 0, NULL, NULL, NULL FROM jobs WHERE id = $1;

-- name: feed_video
SELECT deleted_us, 0, NULL, NULL, job_id FROM videos WHERE id = $1;

-- name: feed_file
SELECT deleted_us, access, expires_us, video_id, job_id FROM files WHERE id = $1;

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
