-- SPDX-License-Identifier: MIT
-- Statistics, backup, diagnosis. {{where}} is everything, or what a user owns.

-- name: stats_users :template
SELECT role, state, count(*), CAST(sum(CASE WHEN created_us >= $1 THEN 1 ELSE 0 END) AS BIGINT) FROM users
WHERE {{where}} AND deleted_us IS NULL GROUP BY role, state;

-- name: stats_job_states
SELECT state, CAST(sum(jobs) AS BIGINT) FROM job_counts GROUP BY state;

-- name: stats_job_states_of
SELECT state, CAST(sum(jobs) AS BIGINT) FROM job_counts WHERE user_id = $1 GROUP BY state;

-- name: stats_job_kinds :template
-- Of each kind: all, those that were timed, and how long these took.
SELECT kind, count(*), CAST(sum(CASE WHEN state = 50 AND completed_us >= started_us THEN 1 ELSE 0 END) AS BIGINT),
CAST(sum(CASE WHEN state = 50 AND completed_us >= started_us THEN completed_us - started_us ELSE 0 END) AS BIGINT)
FROM jobs WHERE {{where}} AND deleted_us IS NULL GROUP BY kind;

-- name: stats_videos :template
SELECT download_state, processing_state, count(*), CAST(sum(CASE WHEN size > 0 THEN 1 ELSE 0 END) AS BIGINT),
CAST(coalesce(sum(size), 0) AS BIGINT), CAST(coalesce(sum(duration_us), 0) AS BIGINT)
FROM videos WHERE {{where}} AND deleted_us IS NULL GROUP BY download_state, processing_state;

-- name: stats_files :template
SELECT backend, category, type, count(*), CAST(sum(size) AS BIGINT),
CAST(sum(CASE WHEN expires_us <= $1 THEN 1 ELSE 0 END) AS BIGINT)
FROM files WHERE {{where}} AND deleted_us IS NULL GROUP BY backend, category, type;

-- name: stats_blobs :template
SELECT state, count(*), CAST(coalesce(sum(size), 0) AS BIGINT) FROM blobs WHERE {{where}} GROUP BY state;

-- name: stats_collections :template
SELECT count(*) FROM collections WHERE {{where}} AND deleted_us IS NULL;

-- name: stats_audit :template
SELECT count(*) FROM audit_events WHERE {{where}};

-- name: upkeep_records
SELECT (SELECT count(*) FROM users), (SELECT count(*) FROM jobs), (SELECT count(*) FROM videos),
(SELECT count(*) FROM files), (SELECT count(*) FROM collections), (SELECT count(*) FROM audit_events);

-- name: upkeep_blob_list
SELECT seq, id, storage_key, size, sha256 FROM blobs WHERE seq > $1 AND state = 20 ORDER BY seq LIMIT $2;

-- name: upkeep_blob_state
SELECT state, refs FROM blobs WHERE id = $1;

-- name: upkeep_blob_files
SELECT id FROM files WHERE blob_id = $1 ORDER BY seq;

-- name: upkeep_blob_files_forget
-- In a copy only: files that were purged while it was made, or whose bytes are lost.
DELETE FROM files WHERE blob_id = $1;

-- name: upkeep_blob_forget
DELETE FROM blobs WHERE id = $1;

-- name: upkeep_newest
-- The times that the store has seen; the events of the audit come in their order.
SELECT created_us FROM audit_events ORDER BY seq DESC LIMIT 1;

-- name: upkeep_stored
SELECT count(*), CAST(coalesce(sum(size), 0) AS BIGINT) FROM blobs WHERE state = 20;

-- What is due. The counts are for a dry run, and for finding out that there is nothing to do without a write.

-- name: due_scheduled
SELECT count(*) FROM (SELECT 1 FROM jobs WHERE state = 10 AND deleted_us IS NULL AND run_at_us <= $1 LIMIT $2) AS due;

-- name: due_removed_jobs
SELECT id FROM jobs WHERE deleted_us <= $1 ORDER BY deleted_us, seq DESC LIMIT $2;

-- name: due_removed_collections
SELECT id FROM collections WHERE deleted_us <= $1 ORDER BY deleted_us LIMIT $2;

-- name: due_removed_videos
SELECT id FROM videos WHERE deleted_us <= $1 ORDER BY deleted_us LIMIT $2;

-- name: due_ended_jobs
-- Whole seasons go at once, when the season itself ended long ago and nothing of it is at work again, or will be: a
-- part that waits for others which have failed never is.
SELECT j.id FROM jobs AS j WHERE j.state = $1 AND j.completed_us <= $2 AND j.deleted_us IS NULL AND j.parent_id IS NULL
AND NOT EXISTS (SELECT 1 FROM jobs AS c WHERE c.parent_id = j.id AND c.deleted_us IS NULL
AND (c.state IN (10, 20, 40) OR (c.state = 30 AND c.children > 0)))
ORDER BY j.completed_us LIMIT $3;

-- name: due_ended_count
-- The same with all that goes along.
WITH RECURSIVE tree (id) AS (
SELECT roots.id FROM (SELECT j.id FROM jobs AS j WHERE j.state = $1 AND j.completed_us <= $2 AND j.deleted_us IS NULL
AND j.parent_id IS NULL AND NOT EXISTS (SELECT 1 FROM jobs AS c WHERE c.parent_id = j.id AND c.deleted_us IS NULL
AND (c.state IN (10, 20, 40) OR (c.state = 30 AND c.children > 0))) ORDER BY j.completed_us LIMIT $3) AS roots
UNION ALL SELECT j.id FROM jobs AS j JOIN tree ON j.parent_id = tree.id WHERE j.deleted_us IS NULL)
SELECT count(*) FROM tree;

-- name: upkeep_job_tree
-- A job and all below it that is not removed, the deepest first.
WITH RECURSIVE tree (id, depth) AS (
SELECT id, 0 FROM jobs WHERE id = $1
UNION ALL SELECT j.id, tree.depth + 1 FROM jobs AS j JOIN tree ON j.parent_id = tree.id WHERE j.deleted_us IS NULL)
SELECT id FROM tree ORDER BY depth DESC LIMIT $2;

-- name: upkeep_job_spare
-- Removed jobs below one that goes by age: they are kept until their own time is over.
UPDATE jobs SET parent_id = NULL, waits_for = NULL, updated_us = $1, version = version + 1
WHERE parent_id = $2 AND deleted_us IS NOT NULL;

-- name: upkeep_blob_newest
SELECT max(seq) FROM blobs;

-- name: upkeep_blob_stored
SELECT id FROM blobs WHERE storage_key = $1 AND state = 20;
