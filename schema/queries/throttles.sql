-- SPDX-License-Identifier: MIT

-- name: throttle_get
SELECT failures, since_us, wait_us, names, names_us FROM throttles WHERE bucket = $1;

-- name: throttle_set
INSERT INTO throttles (bucket, failures, since_us, wait_us, names, names_us, expires_us)
VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (bucket) DO UPDATE SET failures = excluded.failures, since_us = excluded.since_us,
wait_us = excluded.wait_us, names = excluded.names, names_us = excluded.names_us, expires_us = excluded.expires_us;

-- name: throttle_clear
DELETE FROM throttles WHERE bucket = $1;

-- name: throttle_total
SELECT count(*) FROM throttles;

-- name: throttle_prune
DELETE FROM throttles WHERE bucket IN (SELECT bucket FROM throttles ORDER BY expires_us LIMIT $1);

-- name: throttle_expire
DELETE FROM throttles WHERE expires_us < $1;

-- name: login_source_get
SELECT last_us FROM login_sources WHERE user_id = $1 AND source = $2;

-- name: login_source_set
INSERT INTO login_sources (user_id, source, last_us) VALUES ($1, $2, $3)
ON CONFLICT (user_id, source) DO UPDATE SET last_us = excluded.last_us;

-- name: login_source_expire
DELETE FROM login_sources WHERE last_us < $1;

-- name: login_device_add
INSERT INTO login_devices (token_id, user_id, digest, created_us, expires_us) VALUES ($1, $2, $3, $4, $5);

-- name: login_device_get
SELECT user_id, digest, expires_us FROM login_devices WHERE token_id = $1;

-- name: login_device_end
DELETE FROM login_devices WHERE token_id = $1;

-- name: login_device_end_user
DELETE FROM login_devices WHERE user_id = $1;
