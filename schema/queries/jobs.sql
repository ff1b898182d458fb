-- SPDX-License-Identifier: MIT
-- Queue, leases and seasons. States are literals, so that the partial indexes serve.

-- name: job_next_ready
SELECT seq, id, user_id FROM jobs WHERE state = 20 AND deleted_us IS NULL AND priority = $1 ORDER BY seq LIMIT 1;

-- name: job_next_ready_kind
SELECT seq, id, user_id FROM jobs WHERE state = 20 AND deleted_us IS NULL AND kind = $1 AND priority = $2
ORDER BY seq LIMIT 1;

-- name: job_next_spread
-- The same past the jobs of users who have as many at work as they may: the oldest of each other user, of a priority.
SELECT j.seq, j.id FROM job_counts AS c LEFT JOIN quotas AS q ON q.user_id = c.user_id
JOIN jobs AS j ON j.seq = (SELECT r.seq FROM jobs AS r WHERE r.user_id = c.user_id AND r.priority = $1 AND r.state = 20
AND r.deleted_us IS NULL ORDER BY r.seq LIMIT 1)
WHERE c.state = 20 AND c.jobs > 0 AND (SELECT count(*) FROM jobs AS w WHERE w.user_id = c.user_id
AND w.lease_hash IS NOT NULL) < coalesce(nullif(coalesce(q.max_running, (SELECT CAST(value AS BIGINT) FROM settings
WHERE name = 'quota.running_jobs')), 0), 9223372036854775807) ORDER BY j.seq LIMIT 1;

-- name: job_next_spread_kind
SELECT j.seq, j.id FROM job_counts AS c LEFT JOIN quotas AS q ON q.user_id = c.user_id
JOIN jobs AS j ON j.seq = (SELECT r.seq FROM jobs AS r WHERE r.user_id = c.user_id AND r.kind = $1 AND r.priority = $2
AND r.state = 20 AND r.deleted_us IS NULL ORDER BY r.seq LIMIT 1)
WHERE c.state = 20 AND c.jobs > 0 AND (SELECT count(*) FROM jobs AS w WHERE w.user_id = c.user_id
AND w.lease_hash IS NOT NULL) < coalesce(nullif(coalesce(q.max_running, (SELECT CAST(value AS BIGINT) FROM settings
WHERE name = 'quota.running_jobs')), 0), 9223372036854775807) ORDER BY j.seq LIMIT 1;

-- name: job_due
SELECT id FROM jobs WHERE state = 10 AND deleted_us IS NULL AND run_at_us <= $1 ORDER BY run_at_us LIMIT $2;

-- name: job_next_due
SELECT run_at_us FROM jobs WHERE state = 10 AND deleted_us IS NULL AND run_at_us > 0 ORDER BY run_at_us LIMIT 1;

-- name: job_expired
-- Leases that have run out: by the time since the start of this machine when it has renewed them, else by the clock.
SELECT id FROM jobs WHERE state = 40 AND lease_until_us IS NOT NULL
AND CASE WHEN lease_boot = $1 THEN lease_boot_us < $2 ELSE lease_until_us < $3 END ORDER BY lease_until_us LIMIT $4;

-- name: job_expired_count
SELECT count(*) FROM (SELECT 1 FROM jobs WHERE state = 40 AND lease_until_us IS NOT NULL
AND CASE WHEN lease_boot = $1 THEN lease_boot_us < $2 ELSE lease_until_us < $3 END LIMIT $4) AS expired;

-- name: job_lease_over
SELECT count(*) FROM jobs WHERE state = 40 AND lease_until_us IS NOT NULL
AND CASE WHEN lease_boot = $1 THEN lease_boot_us < $2 ELSE lease_until_us < $3 END AND id = $4;

-- name: job_leases_ahead
-- A lease of an earlier start or another machine that ends later than any can: the clock has gone back since then.
SELECT count(*) FROM (SELECT 1 FROM jobs WHERE state = 40 AND lease_until_us > $1
AND (lease_boot IS NULL OR lease_boot <> $2) LIMIT 1) AS ahead;

-- name: job_leases_clamp
UPDATE jobs SET lease_until_us = $1 WHERE state = 40 AND lease_until_us > $2
AND (lease_boot IS NULL OR lease_boot <> $3);

-- name: job_move
-- All that a step from one state to another may change.
UPDATE jobs SET state = $1, stage = $2, run_at_us = $3, attempts = $4, crashes = $5, progress_done = $6,
stage_done = $7, stage_total = $8, result = $9, error = $10, error_count = $11, started_us = $12, completed_us = $13,
lease_until_us = $14, worker = $15, cancel_requested = $16, children = $17, children_done = $18, children_failed = $19,
lease_hash = $20, lease_boot = $21, lease_boot_us = $22, updated_us = $23, version = version + 1 WHERE id = $24;

-- name: job_ask_cancel
UPDATE jobs SET cancel_requested = 1, updated_us = $1, version = version + 1 WHERE id = $2;

-- name: job_forget_end
-- A job that follows its children is to be tried again.
UPDATE jobs SET cancel_requested = 0, error = NULL WHERE id = $1;

-- name: job_count_add
INSERT INTO job_counts (user_id, state, jobs) VALUES ($1, $2, $3)
ON CONFLICT (user_id, state) DO UPDATE SET jobs = job_counts.jobs + excluded.jobs;

-- name: job_count_state
SELECT CAST(coalesce(sum(jobs), 0) AS BIGINT) FROM job_counts WHERE state = $1;

-- name: job_count_state_of
SELECT CAST(coalesce(sum(jobs), 0) AS BIGINT) FROM job_counts WHERE user_id = $1 AND state = $2;

-- name: job_owner_role
SELECT role FROM users WHERE id = $1;

-- name: job_attempt_add
-- Numbered by what there was, whatever of it counted: no two attempts at a job are alike.
INSERT INTO job_attempts (job_id, number, worker, started_us)
VALUES ($1, (SELECT coalesce(max(number), 0) + 1 FROM job_attempts WHERE job_id = $1), $2, $3) RETURNING number;

-- name: job_attempt_end
-- Not before it began, wherever the clock has gone.
UPDATE job_attempts SET ended_us = CASE WHEN started_us > $1 THEN started_us ELSE $1 END, outcome = $2, error = $3,
stage = $4, progress_done = $5
WHERE job_id = $6 AND ended_us IS NULL RETURNING started_us, number, worker;

-- name: job_attempt_list
SELECT number, worker, started_us, ended_us, outcome, error, stage, progress_done FROM job_attempts WHERE job_id = $1
ORDER BY number, seq LIMIT 10000;

-- name: job_lease_holds
-- Until somebody takes the job back, which clears the hash: being late alone is no harm.
SELECT cancel_requested FROM jobs WHERE id = $1 AND lease_hash = $2 AND state = 40 AND deleted_us IS NULL;

-- name: job_by_lease
SELECT seq, {jobs.columns} FROM jobs WHERE lease_hash = $1 AND state = 40 AND deleted_us IS NULL;

-- name: job_renew
-- Neither version nor updated time: a heartbeat is no change.
UPDATE jobs SET lease_until_us = $1, lease_boot = $2, lease_boot_us = $3
WHERE id = $4 AND lease_hash = $5 AND state = 40 AND deleted_us IS NULL RETURNING cancel_requested;

-- name: job_renew_with
-- The same of one lease with its progress: two updates of a row cost twice what one does.
UPDATE jobs SET lease_until_us = $1, lease_boot = $2, lease_boot_us = $3, stage = $4, stage_done = $5,
stage_total = $6, progress_done = CASE WHEN progress_done > $7 THEN progress_done ELSE $7 END
WHERE id = $8 AND lease_hash = $9 AND state = 40 AND deleted_us IS NULL RETURNING cancel_requested, parent_id;

-- name: job_renew_all
-- All the leases of a process at once, by their hashes; what is bound to NULL is nobody's.
UPDATE jobs SET lease_until_us = $1, lease_boot = $2, lease_boot_us = $3
WHERE lease_hash IN ($4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22,
$23, $24, $25, $26, $27, $28, $29, $30, $31, $32, $33, $34, $35, $36, $37, $38, $39, $40, $41, $42, $43, $44,
$45, $46, $47, $48, $49, $50, $51, $52, $53, $54, $55, $56, $57, $58, $59, $60, $61, $62, $63, $64, $65, $66,
$67)
AND state = 40 AND deleted_us IS NULL RETURNING lease_hash, cancel_requested;

-- name: job_progress
UPDATE jobs SET stage = $1, stage_done = $2, stage_total = $3,
progress_done = CASE WHEN progress_done > $4 THEN progress_done ELSE $4 END WHERE id = $5 RETURNING parent_id;

-- name: job_checkpoint_set
UPDATE jobs SET checkpoint = $1 WHERE id = $2;

-- name: job_checkpoint_clear
UPDATE jobs SET checkpoint = NULL WHERE id = $1 AND checkpoint IS NOT NULL;

-- name: job_checkpoint_get
SELECT checkpoint FROM jobs WHERE id = $1 AND lease_hash = $2 AND state = 40 AND deleted_us IS NULL;

-- name: job_output_file
SELECT count(*) FROM files WHERE id = $1 AND user_id = $2 AND deleted_us IS NULL;

-- name: job_wait_for
UPDATE jobs SET waits_for = $1 WHERE id = $2;

-- name: job_waits
-- 1 when a sibling that this one waits for is not completed.
SELECT count(*) FROM (SELECT 1 FROM jobs AS j JOIN jobs AS s ON s.parent_id = j.parent_id AND s.position <= j.waits_for
WHERE j.id = $1 AND s.state <> 50 AND s.deleted_us IS NULL LIMIT 1) AS waiting;

-- name: job_unblocked
-- A child that has nothing left to wait for.
SELECT j.id FROM jobs AS j WHERE j.parent_id = $1 AND j.state = 30 AND j.waits_for IS NOT NULL AND j.deleted_us IS NULL
AND NOT EXISTS (SELECT 1 FROM jobs AS s WHERE s.parent_id = $1 AND s.position <= j.waits_for AND s.state <> 50
AND s.deleted_us IS NULL) LIMIT 1;

-- name: job_tally
-- Of the children: all, completed, given up, at work, able to go on by themselves, and the sum of their progress.
SELECT count(*), count(*) FILTER (WHERE state = 50), count(*) FILTER (WHERE state IN (60, 70, 80)),
count(*) FILTER (WHERE state = 40), count(*) FILTER (WHERE state IN (10, 20, 40) OR (state = 30 AND children > 0)),
CAST(coalesce(sum(progress_done), 0) AS BIGINT) FROM jobs WHERE parent_id = $1 AND deleted_us IS NULL;

-- name: job_tally_set
UPDATE jobs SET children = $1, children_done = $2, children_failed = $3, progress_done = $4 WHERE id = $5;

-- name: job_children
SELECT id FROM jobs WHERE parent_id = $1 AND deleted_us IS NULL ORDER BY position, seq;

-- name: job_children_priority
UPDATE jobs SET priority = $1, updated_us = $2, version = version + 1
WHERE parent_id = $3 AND state IN (10, 20, 30) AND deleted_us IS NULL;

-- name: job_has_dependents
SELECT (SELECT count(*) FROM (SELECT 1 FROM jobs WHERE parent_id = $1 AND deleted_us IS NULL LIMIT 1) AS j)
+ (SELECT count(*) FROM (SELECT 1 FROM videos WHERE job_id = $1 AND deleted_us IS NULL LIMIT 1) AS v)
+ (SELECT count(*) FROM (SELECT 1 FROM files WHERE job_id = $1 AND deleted_us IS NULL LIMIT 1) AS f) AS dependents;

-- name: job_mark_removed
UPDATE jobs SET deleted_us = $1, removal_id = $2, updated_us = $1, version = version + 1 WHERE id = $3;

-- name: job_remove_videos
UPDATE videos SET deleted_us = $1, removal_id = $2, updated_us = $1, version = version + 1
WHERE job_id = $3 AND deleted_us IS NULL;

-- name: job_remove_files
UPDATE files SET deleted_us = $1, removal_id = $2, updated_us = $1, version = version + 1
WHERE job_id = $3 AND deleted_us IS NULL;

-- name: job_remove_video_files
UPDATE files SET deleted_us = $1, removal_id = $2, updated_us = $1, version = version + 1
WHERE deleted_us IS NULL AND video_id IN (SELECT id FROM videos WHERE job_id = $3 AND removal_id = $2);

-- name: job_detach_videos
UPDATE videos SET job_id = NULL, updated_us = $1, version = version + 1 WHERE job_id = $2 AND deleted_us IS NULL;

-- name: job_detach_files
UPDATE files SET job_id = NULL, updated_us = $1, version = version + 1 WHERE job_id = $2 AND deleted_us IS NULL;

-- name: job_detach_children
-- Those that are there, below the job itself and below removed ones, which go with it.
UPDATE jobs SET parent_id = NULL, waits_for = NULL, updated_us = $1, version = version + 1
WHERE deleted_us IS NULL AND parent_id IN (
    WITH RECURSIVE gone(id) AS (SELECT CAST($2 AS {uuid}) UNION ALL
        SELECT j.id FROM jobs AS j JOIN gone ON j.parent_id = gone.id WHERE j.deleted_us IS NOT NULL)
    SELECT id FROM gone);

-- name: job_removed_states
SELECT user_id, state, count(*) FROM jobs WHERE removal_id = $1 GROUP BY user_id, state;

-- name: job_restore_jobs
UPDATE jobs SET deleted_us = NULL, removal_id = NULL, updated_us = $1, version = version + 1 WHERE removal_id = $2;

-- name: job_restore_videos
UPDATE videos SET deleted_us = NULL, removal_id = NULL, updated_us = $1, version = version + 1 WHERE removal_id = $2;

-- name: job_restore_files
UPDATE files SET deleted_us = NULL, removal_id = NULL, updated_us = $1, version = version + 1 WHERE removal_id = $2;

-- name: job_ended_list
-- For retention: what ended before a time, oldest first.
SELECT id FROM jobs WHERE state = $1 AND completed_us < $2 AND deleted_us IS NULL ORDER BY completed_us LIMIT $3;

-- name: job_recount_clear
DELETE FROM job_counts WHERE user_id = $1;

-- name: job_recount
INSERT INTO job_counts (user_id, state, jobs)
SELECT user_id, state, count(*) FROM jobs WHERE user_id = $1 AND deleted_us IS NULL GROUP BY user_id, state;
