-- SPDX-License-Identifier: MIT
-- What users may take, and what they have taken. Of a limit: the user's own, that of the settings, and what is used.

-- name: quota_bytes
SELECT max_bytes, (SELECT CAST(value AS BIGINT) FROM settings WHERE name = 'quota.bytes'), bytes
FROM quotas WHERE user_id = $1;

-- name: quota_files
SELECT max_files, (SELECT CAST(value AS BIGINT) FROM settings WHERE name = 'quota.files'), files
FROM quotas WHERE user_id = $1;

-- name: quota_running
SELECT max_running, (SELECT CAST(value AS BIGINT) FROM settings WHERE name = 'quota.running_jobs'),
(SELECT count(*) FROM jobs AS j WHERE j.user_id = quotas.user_id AND j.lease_hash IS NOT NULL)
FROM quotas WHERE user_id = $1;

-- name: quota_jobs
SELECT max_jobs, (SELECT CAST(value AS BIGINT) FROM settings WHERE name = 'quota.jobs_per_day'),
coalesce((SELECT d.jobs FROM usage_days AS d WHERE d.user_id = quotas.user_id AND d.day = $1), 0)
FROM quotas WHERE user_id = $2;

-- name: quota_set_bytes
UPDATE quotas SET max_bytes = $1, updated_us = $2, version = version + 1 WHERE user_id = $3;

-- name: quota_set_files
UPDATE quotas SET max_files = $1, updated_us = $2, version = version + 1 WHERE user_id = $3;

-- name: quota_set_running
UPDATE quotas SET max_running = $1, updated_us = $2, version = version + 1 WHERE user_id = $3;

-- name: quota_set_jobs
UPDATE quotas SET max_jobs = $1, updated_us = $2, version = version + 1 WHERE user_id = $3;

-- name: usage_day_list
SELECT day, jobs, files, bytes FROM usage_days WHERE user_id = $1 AND day >= $2 ORDER BY day LIMIT $3;

-- name: quota_list
-- Whose there are; the system has none.
SELECT q.user_id, u.username FROM quotas AS q JOIN users AS u ON u.id = q.user_id WHERE q.user_id > $1
ORDER BY q.user_id LIMIT $2;

-- name: due_old_usage
SELECT count(*) FROM (SELECT 1 FROM usage_days WHERE day < $1 / 86400000000 LIMIT $2) AS due;

-- name: purge_old_usage
DELETE FROM usage_days WHERE (user_id, day) IN (SELECT user_id, day FROM usage_days WHERE day < $1 / 86400000000
ORDER BY day LIMIT $2);

-- name: usage_totals_differ
-- Users of whom the rows say something else than the counters.
SELECT count(*) FROM quotas AS q
LEFT JOIN (SELECT user_id, CAST(sum(coalesce(size, reserved, 0)) AS BIGINT) AS bytes,
CAST(sum(CASE WHEN refs = 0 THEN 1 ELSE 0 END) AS BIGINT) AS uploads
FROM blobs WHERE state IN (10, 20) GROUP BY user_id) AS b ON b.user_id = q.user_id
LEFT JOIN (SELECT user_id, count(*) AS files FROM files GROUP BY user_id) AS f ON f.user_id = q.user_id
WHERE q.bytes <> coalesce(b.bytes, 0) OR q.files <> coalesce(b.uploads, 0) + coalesce(f.files, 0);

-- name: usage_days_differ
-- The same by day.
SELECT count(*) FROM usage_days AS d
LEFT JOIN (SELECT user_id, created_us / 86400000000 AS day, count(*) AS jobs FROM jobs GROUP BY 1, 2) AS j
ON j.user_id = d.user_id AND j.day = d.day
LEFT JOIN (SELECT user_id, created_us / 86400000000 AS day, count(*) AS files, CAST(sum(size) AS BIGINT) AS bytes
FROM files GROUP BY 1, 2) AS f ON f.user_id = d.user_id AND f.day = d.day
WHERE d.jobs - d.jobs_gone <> coalesce(j.jobs, 0) OR d.files - d.files_gone <> coalesce(f.files, 0)
OR d.bytes - d.bytes_gone <> coalesce(f.bytes, 0);
