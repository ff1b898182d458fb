-- SPDX-License-Identifier: MIT

-- name: audit_by_id
SELECT seq, {audit.columns} FROM audit_events WHERE id = $1;

-- The columns of links stand in the order of lib/trail/chain.h.

-- name: audit_link_insert
INSERT INTO audit_events (chain, hash, actor_salt, object_salt, position, id, created_us, back_us, action, severity,
noun, object_id, owner_id, user_id, success, error, actor, request_id, method, credential_id, actor_name, ip,
user_agent, device, object_name, details, description)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24,
$25, $26, $27);

-- name: audit_link_seq
SELECT seq FROM audit_events WHERE chain = $1 AND position = $2;

-- name: audit_link_page
SELECT seq, chain, hash, actor_salt, object_salt, position, id, created_us, back_us, action, severity,
noun, object_id, owner_id, user_id, success, error, actor, request_id, method, credential_id, actor_name, ip,
user_agent, device, object_name, details, description FROM audit_events WHERE seq > $1 AND seq <= $2 ORDER BY seq
LIMIT $3;

-- name: audit_head
SELECT c.id, e.position, e.created_us, e.hash FROM audit_chains AS c JOIN audit_events AS e ON e.chain = c.chain
WHERE c.chain = $1 ORDER BY e.position DESC LIMIT 1;

-- name: audit_chain
SELECT id, created_us, format FROM audit_chains WHERE chain = $1;

-- name: audit_chain_add
INSERT INTO audit_chains (chain, id, created_us, format) VALUES ($1, $2, $3, $4);

-- name: audit_list :template
SELECT seq, {audit.columns} FROM audit_events WHERE {{where}} ORDER BY {{order}} LIMIT {{limit}};

-- name: audit_count :template
SELECT count(*) FROM (SELECT 1 FROM audit_events WHERE {{where}} LIMIT {{limit}}) AS counted;

-- name: audit_stats_actions
SELECT action, CAST(sum(success) AS BIGINT), CAST(sum(1 - success) AS BIGINT) FROM audit_events WHERE created_us >= $1
GROUP BY action ORDER BY action;

-- name: audit_stats_addresses
SELECT ip, count(*) AS events, CAST(sum(1 - success) AS BIGINT) AS failures FROM audit_events
WHERE created_us >= $1 AND ip IS NOT NULL
GROUP BY ip ORDER BY events DESC, ip LIMIT 10;

-- name: audit_stats_errors
SELECT error, count(*) AS failures FROM audit_events WHERE created_us >= $1 AND success = 0 AND error IS NOT NULL
GROUP BY error ORDER BY failures DESC, error LIMIT 20;

-- name: audit_stats_actors
SELECT user_id, max(actor_name), count(*) AS events, CAST(sum(1 - success) AS BIGINT) AS failures FROM audit_events
WHERE created_us >= $1 AND user_id IS NOT NULL AND user_id <> {nil}
GROUP BY user_id ORDER BY events DESC, user_id LIMIT 10;

-- name: audit_size
-- The position of a chain's last event.
SELECT position FROM audit_events WHERE chain = $1 ORDER BY position DESC LIMIT 1;

-- name: audit_mark
-- The last event of a chain that is not after another one of any chain.
SELECT position, seq FROM audit_events WHERE chain = $1 AND seq <= $2 ORDER BY position DESC LIMIT 1;

-- name: audit_hash_list
SELECT position, hash, created_us, 200 + length(coalesce(details, '')) + length(coalesce(user_agent, ''))
+ length(coalesce(description, '')) FROM audit_events WHERE chain = $1 AND position > $2 AND position <= $3
ORDER BY position LIMIT 4096;

-- name: audit_segment
SELECT root, before_hash, last_hash, first_us, last_us, bytes, sealed_us, exported_us, pruned_us FROM audit_segments
WHERE chain = $1 AND segment = $2;

-- name: audit_segment_add
INSERT INTO audit_segments (chain, segment, root, before_hash, last_hash, first_us, last_us, bytes, sealed_us)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (chain, segment) DO NOTHING;

-- name: audit_segment_last
SELECT segment FROM audit_segments WHERE chain = $1 ORDER BY segment DESC LIMIT 1;

-- name: audit_segment_roots
SELECT segment, root, last_hash FROM audit_segments WHERE chain = $1 ORDER BY segment;

-- name: audit_checkpoint_last
SELECT number, created_us, body, signature FROM audit_checkpoints WHERE number > 0 ORDER BY number DESC LIMIT 1;

-- name: audit_checkpoint_add
INSERT INTO audit_checkpoints (number, created_us, body, signature) VALUES ($1, $2, $3, $4);

-- name: audit_segment_next
-- The oldest segment of a chain whose events are there still.
SELECT segment, root, last_us, bytes, exported_us FROM audit_segments WHERE chain = $1 AND segment >= $2
AND pruned_us IS NULL ORDER BY segment LIMIT 1;

-- name: audit_segment_pruned
UPDATE audit_segments SET pruned_us = $1 WHERE chain = $2 AND segment = $3 AND pruned_us IS NULL;

-- name: audit_segment_gone
SELECT count(*) FROM audit_segments WHERE pruned_us IS NOT NULL;

-- name: audit_segment_exported
UPDATE audit_segments SET exported_us = $1 WHERE chain = $2 AND segment <= $3 AND exported_us IS NULL;

-- name: audit_segment_remove
DELETE FROM audit_events WHERE chain = $1 AND position > $2 AND position <= $3;

-- name: audit_segment_bytes
SELECT CAST(coalesce(sum(bytes), 0) AS BIGINT) FROM audit_segments WHERE pruned_us IS NULL;

-- name: audit_seq_last
SELECT max(seq) FROM audit_events;

-- name: audit_checkpoint_page
SELECT number, body, signature FROM audit_checkpoints WHERE number > $1 ORDER BY number LIMIT $2;

-- name: audit_checkpoint
SELECT body, signature FROM audit_checkpoints WHERE number = $1;

-- name: audit_segments
SELECT chain, segment, root, before_hash, last_hash, pruned_us FROM audit_segments ORDER BY chain, segment;

-- name: audit_deleted_user
-- Whether the history says that a user was deleted; actions user_deleted and user_purged of the security chain.
SELECT 1 FROM audit_events WHERE object_id = $1 AND noun = 'user' AND action IN (14, 15) AND success = 1 AND chain = 1
AND hash IS NOT NULL LIMIT 1;

-- Erasing a person.

-- name: audit_erase_add
INSERT INTO audit_erasures (user_id, created_us) VALUES ($1, $2) ON CONFLICT (user_id) DO NOTHING;

-- name: audit_erase_next
SELECT user_id FROM audit_erasures ORDER BY user_id LIMIT 1;

-- name: audit_erase_done
DELETE FROM audit_erasures WHERE user_id = $1;

-- name: audit_erase_by_page
SELECT seq, chain, hash, actor_salt, object_salt, position, id, created_us, back_us, action, severity,
noun, object_id, owner_id, user_id, success, error, actor, request_id, method, credential_id, actor_name, ip,
user_agent, device, object_name, details, description FROM audit_events WHERE user_id = $1 AND seq > $2 ORDER BY seq
LIMIT $3;

-- name: audit_erase_of_page
SELECT seq, chain, hash, actor_salt, object_salt, position, id, created_us, back_us, action, severity,
noun, object_id, owner_id, user_id, success, error, actor, request_id, method, credential_id, actor_name, ip,
user_agent, device, object_name, details, description FROM audit_events WHERE object_id = $1 AND seq > $2 ORDER BY
seq LIMIT $3;

-- name: audit_erase_try_page
-- What somebody tried with the person's keys and logins, without having come in: the event knows the owner alone.
SELECT seq, chain, hash, actor_salt, object_salt, position, id, created_us, back_us, action, severity,
noun, object_id, owner_id, user_id, success, error, actor, request_id, method, credential_id, actor_name, ip,
user_agent, device, object_name, details, description FROM audit_events WHERE owner_id = $1 AND seq > $2
AND noun IN ('key', 'login') ORDER BY seq LIMIT $3;

-- name: audit_erase_actor
UPDATE audit_events SET actor_name = NULL, ip = NULL, user_agent = NULL, device = NULL, actor_salt = $1 WHERE seq = $2;

-- name: audit_erase_object
UPDATE audit_events SET object_name = NULL, details = NULL, description = NULL, object_salt = $1 WHERE seq = $2;

-- Detection.

-- name: audit_seq_at
SELECT seq, created_us FROM audit_events WHERE seq >= $1 ORDER BY seq LIMIT 1;

-- name: audit_watch_page
SELECT seq, created_us, action, success, noun, ip, user_agent, user_id, object_id, object_name, credential_id, error,
back_us, chain, details, owner_id, position FROM audit_events WHERE seq > $1 AND seq <= $2 ORDER BY seq LIMIT $3;

-- name: audit_watch_failed_page
SELECT seq, created_us, action, success, noun, ip, user_agent, user_id, object_id, object_name, credential_id, error,
back_us, chain, details, owner_id, position FROM audit_events WHERE seq > $1 AND seq <= $2 AND success = 0 ORDER BY seq
LIMIT $3;

-- name: audit_login_page
-- Earlier logins of a user, the newest first.
SELECT created_us, ip, user_agent FROM audit_events WHERE object_id = $1 AND seq < $2 AND action = 10 AND success = 1
ORDER BY seq DESC LIMIT $3;

-- name: audit_hour_list
-- What was usual of late.
SELECT amount FROM watch_hours WHERE user_id = $1 AND kind = $2 AND hour >= $3 AND hour < $4 LIMIT 1000;

-- name: audit_hour_get
SELECT amount FROM watch_hours WHERE user_id = $1 AND kind = $2 AND hour = $3;

-- name: audit_hour_add
INSERT INTO watch_hours (user_id, kind, hour, amount) VALUES ($1, $2, $3, $4)
ON CONFLICT (user_id, kind, hour) DO UPDATE SET amount = watch_hours.amount + excluded.amount;

-- name: audit_hour_prune
DELETE FROM watch_hours WHERE hour < $1;

-- name: audit_owned
-- How much a user has, counted no further than the limit in each kind.
SELECT (SELECT count(*) FROM (SELECT 1 FROM jobs WHERE user_id = $1 AND deleted_us IS NULL LIMIT $2) AS j)
+ (SELECT count(*) FROM (SELECT 1 FROM videos WHERE user_id = $1 AND deleted_us IS NULL LIMIT $2) AS v)
+ (SELECT count(*) FROM (SELECT 1 FROM files WHERE user_id = $1 AND deleted_us IS NULL LIMIT $2) AS f);

-- name: audit_canary_of
-- What has an id.
SELECT 'user' FROM users WHERE id = $1 UNION ALL SELECT 'key' FROM api_keys WHERE id = $1
UNION ALL SELECT 'job' FROM jobs WHERE id = $1 UNION ALL SELECT 'video' FROM videos WHERE id = $1
UNION ALL SELECT 'file' FROM files WHERE id = $1 UNION ALL SELECT 'link' FROM links WHERE id = $1 LIMIT 1;

-- name: audit_canary_get
SELECT noun FROM audit_canaries WHERE object_id = $1;

-- name: audit_canary_total
SELECT count(*) FROM audit_canaries;

-- name: audit_canary_add
INSERT INTO audit_canaries (object_id, noun, created_us, since_seq)
SELECT $1, $2, $3, coalesce(max(seq), 0) FROM audit_events;

-- name: audit_canary_remove
DELETE FROM audit_canaries WHERE object_id = $1;

-- name: audit_canary_list
SELECT object_id, noun, created_us, since_seq FROM audit_canaries ORDER BY object_id LIMIT $1;

-- name: audit_alert_add
INSERT INTO audit_alerts (rule, entity, window_us, created_us) VALUES ($1, $2, $3, $4)
ON CONFLICT (rule, entity, window_us) DO NOTHING;

-- name: audit_alert_tell
-- The event that was recorded just now.
INSERT INTO feed (at_us, kind, noun, object_id, owner_id, version)
SELECT created_us, 10, 'alert', id, {nil}, 1 FROM audit_events WHERE seq = (SELECT max(seq) FROM audit_events);

-- name: audit_alert_prune
DELETE FROM audit_alerts WHERE created_us < $1;

-- name: audit_stats_days
SELECT created_us / 86400000000 AS day, action, count(*) AS events, CAST(sum(1 - success) AS BIGINT) AS failures
FROM audit_events WHERE created_us >= $1 GROUP BY created_us / 86400000000, action ORDER BY day, action LIMIT 10000;
