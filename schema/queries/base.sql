-- SPDX-License-Identifier: MIT
-- The store's own history, its numbers, its settings.

-- name: search_note_add
INSERT INTO search_notes (place) VALUES ($1) ON CONFLICT (place) DO NOTHING;

-- name: search_note_list
SELECT place FROM search_notes WHERE place >= $1 AND place < $2 ORDER BY place LIMIT $3;

-- name: search_note_done
DELETE FROM search_notes WHERE place >= $1 AND place <= $2;

-- name: search_both :template
-- What the index of words finds, and what is found of the records that are noted.
SELECT place, score FROM ({{indexed}}) AS indexed UNION ALL SELECT place, score FROM ({{fresh}}) AS fresh

-- name: migration_add
INSERT INTO vs_migration (version, name, checksum, applied_us, took_us, library) VALUES ($1, $2, $3, $4, $5, $6);

-- name: migration_list
SELECT version, name, checksum FROM vs_migration WHERE version > $1 ORDER BY version LIMIT $2;

-- name: meta_get
SELECT value FROM vs_meta WHERE key = $1;

-- name: meta_set
INSERT INTO vs_meta (key, value) VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET value = excluded.value;

-- name: setting_get
SELECT name, value, updated_us, updated_by FROM settings WHERE name = $1;

-- name: setting_set
INSERT INTO settings (name, value, updated_us, updated_by) VALUES ($1, $2, $3, $4)
ON CONFLICT (name) DO UPDATE SET value = excluded.value, updated_us = excluded.updated_us,
updated_by = excluded.updated_by;

-- name: setting_add
INSERT INTO settings (name, value, updated_us, updated_by) VALUES ($1, $2, $3, $4);

-- name: setting_clear
DELETE FROM settings WHERE name = $1;

-- name: setting_list
SELECT name, value, updated_us, updated_by FROM settings WHERE name > $1 ORDER BY name LIMIT $2;

-- name: schema_list
-- Every object of the schema with its text, in a fixed order. Engine-made objects have none; a host's own are left out.
-- @sqlite
SELECT type, name, sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite\_%' ESCAPE '\'
AND tbl_name NOT LIKE 'app\_%' ESCAPE '\' ORDER BY type, name LIMIT 10000;
-- @postgres
SELECT 'column' AS type, table_name || '.' || column_name AS name, data_type || ' ' || is_nullable AS sql
FROM information_schema.columns WHERE table_schema = current_schema()
AND table_name NOT LIKE 'app!_%' ESCAPE '!' ORDER BY 2 LIMIT 10000;
