-- SPDX-License-Identifier: MIT

-- name: audit_by_id
SELECT seq, {audit.columns} FROM audit_events WHERE id = $1;

-- name: audit_insert
INSERT INTO audit_events ({audit.columns}) VALUES ({audit.values}) RETURNING seq;

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

-- name: audit_old_count
-- Events come in the order of time, so the oldest stand at the beginning.
SELECT count(*) FROM (SELECT 1 FROM (SELECT created_us FROM audit_events ORDER BY seq LIMIT $1) AS oldest
WHERE created_us < $2) AS counted;

-- name: audit_old_remove
DELETE FROM audit_events WHERE seq IN (SELECT seq FROM (SELECT seq, created_us FROM audit_events ORDER BY seq
LIMIT $1) AS oldest
WHERE created_us < $2);
