-- SPDX-License-Identifier: MIT

-- name: link_by_id
SELECT seq, {links.columns} FROM links WHERE id = $1;

-- name: link_insert
INSERT INTO links ({links.columns}) VALUES ({links.values}) RETURNING seq;

-- name: link_update :template
UPDATE links SET {{set}} WHERE id = {{id}};

-- name: link_list :template
SELECT seq, {links.columns} FROM links WHERE {{where}} ORDER BY {{order}} LIMIT {{limit}};

-- name: link_count :template
SELECT count(*) FROM (SELECT 1 FROM links WHERE {{where}} LIMIT {{limit}}) AS counted;

-- name: link_purge
DELETE FROM links WHERE id = $1;

-- name: link_digest_set
UPDATE links SET digest = $1 WHERE id = $2;

-- name: link_live_count
SELECT count(*) FROM links WHERE file_id = $1 AND revoked_us IS NULL AND expires_us > $2;

-- name: link_live_made_list
SELECT id FROM links WHERE created_by = $1 AND revoked_us IS NULL ORDER BY seq LIMIT $2;

-- name: link_by_token
-- A link to a file of the system has no user.
SELECT l.id, l.file_id, l.user_id, l.digest, l.revoked_us, l.expires_us, l.max_uses, l.uses, f.deleted_us,
f.expires_us, f.access, u.state, u.suspended_until_us
FROM links AS l JOIN files AS f ON f.id = l.file_id LEFT JOIN users AS u ON u.id = l.user_id WHERE l.token_id = $1;

-- name: link_used
UPDATE links SET uses = uses + 1, last_used_us = $1 WHERE id = $2 AND (max_uses IS NULL OR uses < max_uses);

-- name: link_standing
SELECT l.revoked_us, l.expires_us, u.state, u.suspended_until_us
FROM links AS l LEFT JOIN users AS u ON u.id = l.user_id WHERE l.id = $1;

-- name: due_ended_links
SELECT id FROM links WHERE expires_us <= $1 ORDER BY expires_us LIMIT $2;
