-- SPDX-License-Identifier: MIT

-- name: audit_by_id
SELECT seq, {audit.columns} FROM audit_events WHERE id = $1;

-- name: audit_insert
INSERT INTO audit_events ({audit.columns}) VALUES ({audit.values});

-- name: audit_list :template
SELECT seq, {audit.columns} FROM audit_events WHERE {{where}} ORDER BY {{order}} LIMIT {{limit}};

-- name: audit_count :template
SELECT count(*) FROM (SELECT 1 FROM audit_events WHERE {{where}} LIMIT {{limit}}) AS counted;
