-- SPDX-License-Identifier: MIT
-- What is to be done. State: 10 scheduled, 20 ready, 30 blocked, 40 running, 50 completed, 60 failed, 70 cancelled,
-- 80 dead.
CREATE TABLE jobs (
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
    kind {text} NOT NULL,
    state {int} NOT NULL,
    stage {text},
    priority {int} NOT NULL,
    run_at_us {int},
    parent_id {uuid} REFERENCES jobs(id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED,
    position {int},
    season {text},
    sources {json},
    request {json},
    tags {json},
    quality {text},
    preset {text},
    compression_level {int},
    use_gpu {int},
    use_hardware {int},
    webhook {text},
    webhook_sent_us {int},
    task_id {text},
    attempts {int} NOT NULL,
    max_attempts {int} NOT NULL,
    crashes {int} NOT NULL,
    max_crashes {int} NOT NULL,
    progress_done {int} NOT NULL,
    progress_total {int} NOT NULL,
    stage_done {int},
    stage_total {int},
    result {json},
    error {text},
    error_count {int} NOT NULL,
    started_us {int},
    completed_us {int},
    lease_until_us {int},
    worker {text},
    cancel_requested {int} NOT NULL,
    children {int} NOT NULL,
    children_done {int} NOT NULL,
    children_failed {int} NOT NULL,
    output_file_id {uuid},
    output_size {int},
    backoff_ms {int} NOT NULL,
    lease_hash {blob},
    lease_boot {text}, -- the start of the machine that renewed the lease last, NULL: unknown
    lease_boot_us {int}, -- end of the lease in time since that start, which no setting of the clock changes
    checkpoint {blob},
    waits_for {int} -- blocked until all siblings up to this position are completed
) {strict};

-- One probe a priority level finds the next job, whatever waits in the other levels.
CREATE INDEX jobs_ready ON jobs(priority, seq) WHERE state = 20 AND deleted_us IS NULL;
CREATE INDEX jobs_ready_kind ON jobs(kind, priority, seq) WHERE state = 20 AND deleted_us IS NULL;
CREATE INDEX jobs_scheduled ON jobs(run_at_us) WHERE state = 10 AND deleted_us IS NULL;
CREATE INDEX jobs_leases ON jobs(lease_until_us, lease_boot, lease_boot_us)
WHERE state = 40 AND lease_until_us IS NOT NULL;
CREATE UNIQUE INDEX jobs_lease ON jobs(lease_hash) WHERE lease_hash IS NOT NULL;
CREATE INDEX jobs_parent ON jobs(parent_id, position) WHERE parent_id IS NOT NULL;
CREATE INDEX jobs_user ON jobs(user_id, seq);
CREATE UNIQUE INDEX jobs_external ON jobs(external_id, user_id) WHERE external_id IS NOT NULL AND deleted_us IS NULL;
CREATE INDEX jobs_final ON jobs(state, completed_us) WHERE completed_us IS NOT NULL;
CREATE INDEX jobs_removed ON jobs(removal_id) WHERE removal_id IS NOT NULL;
-- The parts of a job are removed for good before it.
CREATE INDEX jobs_deleted ON jobs(deleted_us, seq DESC) WHERE deleted_us IS NOT NULL;
-- The jobs that are at work for a user: counted anew each time, so that nothing is ever left counted.
CREATE INDEX jobs_running ON jobs(user_id) WHERE lease_hash IS NOT NULL;
-- The next job of a user, for when those before it are of users who have as many at work as they may.
CREATE INDEX jobs_ready_user ON jobs(user_id, priority, seq) WHERE state = 20 AND deleted_us IS NULL;

CREATE TABLE job_attempts (
    seq {seq},
    job_id {uuid} NOT NULL REFERENCES jobs(id) ON DELETE CASCADE,
    number {int} NOT NULL,
    worker {text} NOT NULL,
    started_us {int} NOT NULL,
    ended_us {int},
    outcome {text},
    error {text},
    stage {text},
    progress_done {int}
) {strict};

CREATE INDEX job_attempts_job ON job_attempts(job_id, number);

-- Kept with every change of a job's state, so that nobody has to count.
CREATE TABLE job_counts (
    user_id {uuid} NOT NULL,
    state {int} NOT NULL,
    jobs {int} NOT NULL
) {strict};

CREATE UNIQUE INDEX job_counts_key ON job_counts(user_id, state);
CREATE INDEX job_counts_state ON job_counts(state, jobs);
