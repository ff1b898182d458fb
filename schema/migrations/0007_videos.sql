-- SPDX-License-Identifier: MIT
-- What is known of each recording. Work states: 0 none, 10 pending, 20 active, 30 completed, 40 failed.
-- What has several languages holds them with blanks between.
CREATE TABLE videos (
    seq {seq},
    id {uuid} NOT NULL UNIQUE,
    user_id {uuid} NOT NULL,
    created_us {int} NOT NULL,
    updated_us {int} NOT NULL,
    version {int} NOT NULL,
    external_id {text},
    metadata {json},
    deleted_us {int},
    removal_id {uuid},
    job_id {uuid} REFERENCES jobs(id) ON DELETE SET NULL,
    url {text},
    episode {int},
    title {text},
    series {text},
    season {text},
    tags {json},
    file_name {text},
    download_state {int} NOT NULL,
    download_done {int},
    download_total {int},
    download_error {text},
    download_retries {int} NOT NULL,
    download_started_us {int},
    download_completed_us {int},
    download_path {text},
    download_checksum {blob},
    expected_sha256 {blob},
    source_file_id {uuid},
    processing_state {int} NOT NULL,
    processing_done {int},
    processing_total {int},
    processing_error {text},
    processing_retries {int} NOT NULL,
    processing_started_us {int},
    processing_completed_us {int},
    processing_path {text},
    processing_checksum {blob},
    processed_file_id {uuid},
    probe_status {text},
    probed_us {int},
    prober {text},
    probed_file_id {uuid},
    media_kind {text},
    format {text},
    duration_us {int},
    duration_source {text},
    size {int},
    bit_rate {int},
    width {int},
    height {int},
    display_width {int},
    display_height {int},
    codec {text},
    profile {text},
    fps_num {int},
    fps_den {int},
    pix_fmt {text},
    bit_depth {int},
    rotation {int},
    hdr {text},
    scan {text},
    audio_codec {text},
    audio_channels {int},
    audio_layout {text},
    sample_rate {int},
    audio_bit_rate {int},
    language {text},
    streams {int},
    chapters {int},
    recorded_us {int},
    facts {json},
    year {int},
    resolution {text},
    rate_mode {text},
    fps_milli {int},
    level {int},
    chroma {text},
    color_range {text},
    primaries {text},
    transfer {text},
    dv_profile {int},
    projection {text},
    stereo3d {text},
    closed_captions {int},
    audio_streams {int},
    audio_languages {text},
    subtitle_streams {int},
    subtitle_languages {text},
    faststart {int},
    fragmented {int},
    encrypted {int},
    make {text},
    model {text}
) {strict};

CREATE INDEX videos_user ON videos(user_id, seq);
CREATE UNIQUE INDEX videos_external ON videos(external_id, user_id) WHERE external_id IS NOT NULL
    AND deleted_us IS NULL;
CREATE INDEX videos_job ON videos(job_id, episode) WHERE job_id IS NOT NULL;
CREATE UNIQUE INDEX videos_episode ON videos(job_id, episode) WHERE job_id IS NOT NULL AND episode IS NOT NULL
    AND deleted_us IS NULL;
CREATE INDEX videos_download ON videos(download_state, seq) WHERE download_state IN (10, 20, 40);
CREATE INDEX videos_processing ON videos(processing_state, seq) WHERE processing_state IN (10, 20, 40);
CREATE INDEX videos_removed ON videos(removal_id) WHERE removal_id IS NOT NULL;
CREATE INDEX videos_deleted ON videos(deleted_us) WHERE deleted_us IS NOT NULL;
CREATE INDEX videos_series ON videos(series, season, episode) WHERE series IS NOT NULL;

CREATE TABLE video_streams (
    seq {seq},
    video_id {uuid} NOT NULL REFERENCES videos(id) ON DELETE CASCADE,
    idx {int} NOT NULL,
    kind {text} NOT NULL,
    codec {text},
    language {text},
    facts {json} NOT NULL
) {strict};

CREATE UNIQUE INDEX video_streams_idx ON video_streams(video_id, idx);

CREATE TABLE video_chapters (
    seq {seq},
    video_id {uuid} NOT NULL REFERENCES videos(id) ON DELETE CASCADE,
    idx {int} NOT NULL,
    start_us {int},
    end_us {int},
    title {text}
) {strict};

CREATE UNIQUE INDEX video_chapters_idx ON video_chapters(video_id, idx);

CREATE TABLE video_tags (
    seq {seq},
    video_id {uuid} NOT NULL REFERENCES videos(id) ON DELETE CASCADE,
    scope {text} NOT NULL,
    idx {int} NOT NULL,
    key {text} NOT NULL,
    value {text} NOT NULL
) {strict};

CREATE INDEX video_tags_video ON video_tags(video_id, scope, idx);
