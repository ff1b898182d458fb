-- SPDX-License-Identifier: MIT
-- A host's own tables: what was done to them under which name.

-- name: app_migration_get
SELECT checksum FROM vs_app_migration WHERE name = $1;

-- name: app_migration_add
INSERT INTO vs_app_migration (name, checksum, applied_us) VALUES ($1, $2, $3);
