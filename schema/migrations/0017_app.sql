-- SPDX-License-Identifier: MIT
-- A host's own tables, app_*: the ledger of their migrations, and what a host may read of ours. The views give ids as
-- text, and beside each the key by which tables are joined (id and key, job_id and job_key); enumerations by name. What
-- is secret, or holds the host's requests, is not in them.
CREATE TABLE vs_app_migration (
    name {text} NOT NULL PRIMARY KEY,
    checksum {blob} NOT NULL,
    applied_us {int} NOT NULL
) {strict};

CREATE VIEW v_users AS SELECT
    {text_of@id} AS id, id AS key, created_us, updated_us, version, external_id, metadata, deleted_us, username, email,
    full_name, CASE role WHEN 10 THEN 'viewer' WHEN 20 THEN 'user' WHEN 30 THEN 'admin' END AS role, CASE state WHEN 10
    THEN 'pending' WHEN 20 THEN 'active' WHEN 30 THEN 'suspended' WHEN 40 THEN 'deactivated' WHEN 50 THEN 'deleted' END
    AS state, email_verified, last_login_us, job_count, processing_ms
FROM users;

CREATE VIEW v_jobs AS SELECT
    {text_of@id} AS id, id AS key, {text_of@user_id} AS user_id, user_id AS user_key, created_us, updated_us, version,
    external_id, metadata, deleted_us, kind, CASE state WHEN 10 THEN 'scheduled' WHEN 20 THEN 'ready' WHEN 30 THEN
    'blocked' WHEN 40 THEN 'running' WHEN 50 THEN 'completed' WHEN 60 THEN 'failed' WHEN 70 THEN 'cancelled' WHEN 80
    THEN 'dead' END AS state, stage, CASE priority WHEN 1 THEN 'low' WHEN 5 THEN 'normal' WHEN 8 THEN 'high' WHEN 10
    THEN 'urgent' END AS priority, run_at_us, {text_of@parent_id} AS parent_id, parent_id AS parent_key, position,
    season, tags, quality, preset, task_id, attempts, max_attempts, crashes, progress_done, progress_total, result,
    error, error_count, started_us, completed_us, lease_until_us, worker, cancel_requested, children, children_done,
    children_failed, {text_of@output_file_id} AS output_file_id, output_file_id AS output_file_key, output_size
FROM jobs;

CREATE VIEW v_videos AS SELECT
    {text_of@id} AS id, id AS key, {text_of@user_id} AS user_id, user_id AS user_key, created_us, updated_us, version,
    external_id, metadata, deleted_us, {text_of@job_id} AS job_id, job_id AS job_key, url, episode, title, series,
    season, tags, file_name, CASE download_state WHEN 0 THEN 'none' WHEN 10 THEN 'pending' WHEN 20 THEN 'active' WHEN
    30 THEN 'completed' WHEN 40 THEN 'failed' END AS download_state, download_done, download_total, download_error,
    download_started_us, download_completed_us, {text_of@source_file_id} AS source_file_id, source_file_id AS
    source_file_key, CASE processing_state WHEN 0 THEN 'none' WHEN 10 THEN 'pending' WHEN 20 THEN 'active' WHEN 30 THEN
    'completed' WHEN 40 THEN 'failed' END AS processing_state, processing_error, processing_started_us,
    processing_completed_us, {text_of@processed_file_id} AS processed_file_id, processed_file_id AS processed_file_key,
    probe_status, probed_us, media_kind, format, duration_us, size, bit_rate, width, height, codec, profile, fps_num,
    fps_den, audio_codec, audio_channels, sample_rate, language
FROM videos;

CREATE VIEW v_files AS SELECT
    {text_of@id} AS id, id AS key, {text_of@user_id} AS user_id, user_id AS user_key, created_us, updated_us, version,
    external_id, metadata, deleted_us, {text_of@job_id} AS job_id, job_id AS job_key, {text_of@video_id} AS video_id,
    video_id AS video_key, name, original_name, size, content_type, extension, CASE access WHEN 10 THEN 'private' WHEN
    20 THEN 'restricted' WHEN 30 THEN 'authenticated' WHEN 40 THEN 'public' END AS access, CASE category WHEN 10 THEN
    'temporary' WHEN 20 THEN 'processed' WHEN 30 THEN 'archive' WHEN 40 THEN 'permanent' END AS category, CASE backend
    WHEN 10 THEN 'local' WHEN 20 THEN 's3' WHEN 30 THEN 'minio' WHEN 40 THEN 'azure' WHEN 50 THEN 'gcs' END AS backend,
    type, stage, expires_us, last_access_us, verified_us
FROM files;

CREATE VIEW v_audit AS SELECT
    {text_of@id} AS id, id AS key, created_us, {text_of@user_id} AS user_id, user_id AS user_key, action, noun,
    {text_of@object_id} AS object_id, object_id AS object_key, object_name, {text_of@owner_id} AS owner_id, owner_id AS
    owner_key, success, error, actor, actor_name, ip, request_id
FROM audit_events;
