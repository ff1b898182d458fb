-- SPDX-License-Identifier: MIT

-- name: key_by_id
SELECT seq, {keys.columns} FROM api_keys WHERE id = $1;

-- name: key_insert
INSERT INTO api_keys ({keys.columns}) VALUES ({keys.values});

-- name: key_update :template
UPDATE api_keys SET {{set}} WHERE id = {{id}};

-- name: key_list :template
SELECT seq, {keys.columns} FROM api_keys WHERE {{where}} ORDER BY {{order}} LIMIT {{limit}};

-- name: key_count :template
SELECT count(*) FROM (SELECT 1 FROM api_keys WHERE {{where}} LIMIT {{limit}}) AS counted;

-- name: key_purge
DELETE FROM api_keys WHERE id = $1;

-- name: key_digest_set
UPDATE api_keys SET digest = $1 WHERE id = $2;

-- name: key_live_count
SELECT count(*) FROM api_keys WHERE user_id = $1 AND revoked_us IS NULL AND (expires_us IS NULL OR expires_us > $2);

-- name: key_by_token
SELECT u.role, u.state, u.suspended_until_us, u.auth_epoch, k.id, k.user_id, k.digest, k.revoked_us, k.expires_us,
k.scopes, k.addresses, u.username,
(SELECT 1 FROM audit_canaries AS c WHERE c.object_id = k.id)
FROM api_keys AS k JOIN users AS u ON u.id = k.user_id WHERE k.token_id = $1;

-- name: key_standing
SELECT u.role, u.state, u.suspended_until_us, u.auth_epoch, k.revoked_us, k.expires_us, k.scopes
FROM api_keys AS k JOIN users AS u ON u.id = k.user_id WHERE k.id = $1;

-- name: key_used
UPDATE api_keys SET last_used_us = $1, last_ip = $2, use_count = use_count + $3
WHERE id = $4 AND (last_used_us IS NULL OR last_used_us < $1);

-- name: key_live_of_user
SELECT id FROM api_keys WHERE user_id = $1 AND revoked_us IS NULL ORDER BY seq LIMIT 1000;

-- name: due_expired_keys
SELECT id FROM api_keys WHERE revoked_us IS NULL AND expires_us IS NOT NULL AND expires_us < $1
ORDER BY expires_us LIMIT $2;

-- name: due_unused_keys
SELECT id FROM api_keys AS k WHERE revoked_us IS NULL AND coalesce(last_used_us, created_us) < $1
AND NOT EXISTS (SELECT 1 FROM audit_canaries AS c WHERE c.object_id = k.id) LIMIT $2;

-- name: due_ended_keys
-- A canary is told of as long as its row is there.
SELECT count(*) FROM (SELECT 1 FROM api_keys AS k WHERE revoked_us < $1
AND NOT EXISTS (SELECT 1 FROM audit_canaries AS c WHERE c.object_id = k.id) LIMIT $2) AS due;

-- name: purge_ended_keys
DELETE FROM api_keys WHERE seq IN (SELECT seq FROM api_keys AS k WHERE revoked_us < $1
AND NOT EXISTS (SELECT 1 FROM audit_canaries AS c WHERE c.object_id = k.id) ORDER BY revoked_us LIMIT $2);
