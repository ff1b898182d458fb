-- SPDX-License-Identifier: MIT

-- name: login_by_id
SELECT seq, {logins.columns} FROM logins WHERE id = $1;

-- name: login_add
INSERT INTO logins ({logins.columns}, digest) VALUES ({logins.values}, ${logins.n+1});

-- name: login_update :template
UPDATE logins SET {{set}} WHERE id = {{id}};

-- name: login_list :template
SELECT seq, {logins.columns} FROM logins WHERE {{where}} ORDER BY {{order}} LIMIT {{limit}};

-- name: login_count :template
SELECT count(*) FROM (SELECT 1 FROM logins WHERE {{where}} LIMIT {{limit}}) AS counted;

-- name: login_by_token
SELECT u.role, u.state, u.suspended_until_us, u.auth_epoch, l.revoked_us, l.expires_us, l.last_seen_us, l.proved_us,
l.idle_ms, l.created_us, l.id, l.user_id, l.digest, u.username
FROM logins AS l JOIN users AS u ON u.id = l.user_id WHERE l.token_id = $1;

-- name: login_standing
SELECT u.role, u.state, u.suspended_until_us, u.auth_epoch, l.revoked_us, l.expires_us, l.last_seen_us, l.proved_us,
l.idle_ms, l.created_us FROM logins AS l JOIN users AS u ON u.id = l.user_id WHERE l.id = $1;

-- name: login_seen
UPDATE logins SET last_seen_us = $1, last_ip = $2 WHERE id = $3 AND last_seen_us < $1;

-- name: login_end
UPDATE logins SET revoked_us = $1, reason = $2, updated_us = $1, version = version + 1
WHERE id = $3 AND revoked_us IS NULL;

-- name: login_end_user
UPDATE logins SET revoked_us = $1, reason = $2, updated_us = $1, version = version + 1
WHERE user_id = $3 AND revoked_us IS NULL AND id <> $4;

-- name: login_end_everyone
UPDATE logins SET revoked_us = $1, reason = $2, updated_us = $1, version = version + 1 WHERE revoked_us IS NULL;

-- name: user_next_epoch_everyone
UPDATE users SET auth_epoch = auth_epoch + 1;

-- name: login_renew
UPDATE logins SET token_id = $1, digest = $2, proved_us = $3, last_seen_us = $3, updated_us = $3, version = version + 1
WHERE id = $4 AND revoked_us IS NULL;

-- name: login_end_idlest
-- The twenty that were used last stay.
UPDATE logins SET revoked_us = $1, reason = $2, updated_us = $1, version = version + 1
WHERE user_id = $3 AND revoked_us IS NULL AND last_seen_us < (SELECT min(newest.last_seen_us) FROM
(SELECT last_seen_us FROM logins WHERE user_id = $3 AND revoked_us IS NULL ORDER BY last_seen_us DESC LIMIT 20)
AS newest);

-- name: due_ended_logins
SELECT count(*) FROM (SELECT 1 FROM logins WHERE expires_us < $1 LIMIT $2) AS due;

-- name: purge_ended_logins
DELETE FROM logins WHERE seq IN (SELECT seq FROM logins WHERE expires_us < $1 ORDER BY expires_us LIMIT $2);

-- name: due_devices
SELECT count(*) FROM (SELECT 1 FROM login_devices WHERE expires_us < $1 LIMIT $2) AS due;

-- name: purge_devices
DELETE FROM login_devices WHERE seq IN
(SELECT seq FROM login_devices WHERE expires_us < $1 ORDER BY expires_us LIMIT $2);
