-- SPDX-License-Identifier: MIT

-- name: once_set
INSERT INTO one_time_tokens (user_id, kind, token_id, digest, address, epoch, created_us, expires_us)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT (user_id, kind) DO UPDATE SET token_id = excluded.token_id, digest = excluded.digest,
address = excluded.address, epoch = excluded.epoch, created_us = excluded.created_us, expires_us = excluded.expires_us;

-- name: once_get
SELECT user_id, kind, digest, address, epoch, expires_us FROM one_time_tokens WHERE token_id = $1;

-- name: once_take
DELETE FROM one_time_tokens WHERE token_id = $1 AND digest = $2 AND expires_us > $3;

-- name: once_clear
DELETE FROM one_time_tokens WHERE user_id = $1;

-- name: due_tokens
SELECT count(*) FROM (SELECT 1 FROM one_time_tokens WHERE expires_us < $1 LIMIT $2) AS due;

-- name: purge_tokens
DELETE FROM one_time_tokens WHERE token_id IN
(SELECT token_id FROM one_time_tokens WHERE expires_us < $1 ORDER BY expires_us LIMIT $2);
