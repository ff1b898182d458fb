-- SPDX-License-Identifier: MIT
-- Bytes (blobs) and the names under which they are known (files). A blob's row is older than its first byte and
-- younger than its last: state 10 reserved, 20 stored, 30 doomed (no file refers to it), 40 being deleted. refs counts
-- the files, removed ones too. synced: bytes of an unfinished upload that a power cut leaves; what was written after
-- that is as good while the machine is up, which boot (the kernel's id of this start) tells. epoch counts those
-- who went on with an upload: only the last of them may end it. verified_us: when the
-- bytes were last read and compared with their SHA-256, whatever that found, 0: never; damaged_us: found wrong.
-- reserved: what an upload of unknown size counts for.
CREATE TABLE blobs (
    seq {seq},
    id {uuid} NOT NULL UNIQUE,
    user_id {uuid} NOT NULL,
    state {int} NOT NULL,
    backend {int} NOT NULL,
    storage_key {text} NOT NULL UNIQUE,
    size {int},
    sha256 {blob},
    refs {int} NOT NULL,
    params {json} NOT NULL,
    source {text},
    validator {text},
    source_size {int},
    synced {int} NOT NULL,
    boot {text},
    epoch {int} NOT NULL,
    created_us {int} NOT NULL,
    touched_us {int} NOT NULL,
    sealed_us {int},
    doomed_us {int},
    damaged_us {int},
    verified_us {int} NOT NULL DEFAULT 0,
    reserved {int}
) {strict};

-- Uploads are found by their source until a file refers to them, whole ones too.
CREATE INDEX blobs_source ON blobs(source, touched_us) WHERE refs = 0 AND source IS NOT NULL;
CREATE INDEX blobs_reserved ON blobs(touched_us, seq) WHERE state = 10;
CREATE INDEX blobs_unpublished ON blobs(touched_us, seq) WHERE state = 20 AND refs = 0;
CREATE INDEX blobs_doomed ON blobs(doomed_us, seq) WHERE state IN (30, 40);
CREATE INDEX blobs_content ON blobs(sha256) WHERE state = 20;
CREATE INDEX blobs_verified ON blobs(verified_us, seq) WHERE state = 20 AND refs > 0;

CREATE TABLE files (
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
    video_id {uuid} REFERENCES videos(id) ON DELETE SET NULL,
    name {text} NOT NULL,
    original_name {text},
    size {int} NOT NULL,
    content_type {text},
    extension {text} NOT NULL,
    sha256 {blob} NOT NULL,
    md5 {blob},
    checksum {text},
    backend {int} NOT NULL,
    bucket {text},
    storage_key {text} NOT NULL,
    access {int} NOT NULL,
    category {int} NOT NULL,
    type {text} NOT NULL,
    stage {text},
    expires_us {int},
    encrypted {int} NOT NULL,
    encryption_key_id {text},
    public_url {text},
    signed_url {text},
    signed_url_expires_us {int},
    upload_started_us {int} NOT NULL,
    upload_completed_us {int} NOT NULL,
    last_access_us {int},
    verified_us {int},
    storage_metadata {json},
    blob_id {uuid} NOT NULL REFERENCES blobs(id),
    held_us {int}
) {strict};

CREATE INDEX files_user ON files(user_id, seq);
CREATE UNIQUE INDEX files_external ON files(external_id, user_id) WHERE external_id IS NOT NULL AND deleted_us IS NULL;
CREATE INDEX files_job ON files(job_id) WHERE job_id IS NOT NULL;
CREATE INDEX files_video ON files(video_id, seq) WHERE video_id IS NOT NULL;
CREATE INDEX files_blob ON files(blob_id);
CREATE INDEX files_content ON files(sha256, seq);
CREATE INDEX files_owned_content ON files(user_id, sha256, size) WHERE deleted_us IS NULL;
CREATE INDEX files_deleted ON files(deleted_us, seq) WHERE deleted_us IS NOT NULL;
CREATE INDEX files_size ON files(size, seq);
CREATE INDEX files_expiry ON files(expires_us, seq) WHERE expires_us IS NOT NULL AND deleted_us IS NULL;
CREATE INDEX files_removed ON files(removal_id) WHERE removal_id IS NOT NULL;
CREATE INDEX files_public ON files(seq) WHERE access = 40 AND deleted_us IS NULL;
CREATE INDEX files_open ON files(seq) WHERE access IN (30, 40) AND deleted_us IS NULL;
