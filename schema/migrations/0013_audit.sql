-- SPDX-License-Identifier: MIT
-- What happened. Nothing refers to other tables: events outlive what they tell of. Events are links of three chains.
-- The salts hide the personal part of an event behind its hash: 16 random bytes, or the hash itself (32) once the part
-- was erased. One for who acted, one for what it was done to.
CREATE TABLE audit_events (
    seq {seq},
    id {uuid} NOT NULL UNIQUE,
    user_id {uuid},
    created_us {int} NOT NULL,
    action {int} NOT NULL,
    noun {text} NOT NULL,
    object_id {uuid},
    object_name {text},
    owner_id {uuid},
    success {int} NOT NULL,
    error {text},
    actor {text} NOT NULL,
    actor_name {text},
    ip {text},
    user_agent {text},
    request_id {text},
    device {text},
    details {json},
    description {text},
    chain {int} NOT NULL,
    position {int} NOT NULL,
    severity {int} NOT NULL DEFAULT 1,
    back_us {int} NOT NULL DEFAULT 0,
    method {text},
    credential_id {uuid},
    hash {blob},
    actor_salt {blob},
    object_salt {blob}
) {strict};

CREATE INDEX audit_events_object ON audit_events(object_id, seq) WHERE object_id IS NOT NULL;
CREATE INDEX audit_events_user ON audit_events(user_id, seq);
CREATE INDEX audit_events_owner ON audit_events(owner_id, seq) WHERE owner_id IS NOT NULL;
CREATE INDEX audit_events_failed ON audit_events(seq) WHERE success = 0;
CREATE UNIQUE INDEX audit_events_chain ON audit_events(chain, position);
-- Alerts are few among many events (action 151).
CREATE INDEX audit_events_alerts ON audit_events(seq) WHERE action = 151;

CREATE TABLE audit_chains (
    chain {int} NOT NULL PRIMARY KEY,
    id {blob} NOT NULL,
    created_us {int} NOT NULL,
    format {int} NOT NULL
) {strict};

-- 4096 events each: a perfect subtree of the tree over a chain. It stays when the events go.
CREATE TABLE audit_segments (
    chain {int} NOT NULL,
    segment {int} NOT NULL,
    root {blob} NOT NULL,
    before_hash {blob} NOT NULL,
    last_hash {blob} NOT NULL,
    first_us {int} NOT NULL,
    last_us {int} NOT NULL,
    bytes {int} NOT NULL,
    sealed_us {int} NOT NULL,
    exported_us {int},
    pruned_us {int},
    PRIMARY KEY (chain, segment)
) {strict};

CREATE TABLE audit_checkpoints (
    number {int} NOT NULL PRIMARY KEY,
    created_us {int} NOT NULL,
    body {text} NOT NULL,
    signature {text}
) {strict};

-- Whose personal parts are still to be erased.
CREATE TABLE audit_erasures (
    user_id {uuid} NOT NULL PRIMARY KEY,
    created_us {int} NOT NULL
) {strict};

-- What was told already: one alert for a rule, whom it is about, and a window of time.
CREATE TABLE audit_alerts (
    rule {text} NOT NULL,
    entity {text} NOT NULL,
    window_us {int} NOT NULL,
    created_us {int} NOT NULL,
    PRIMARY KEY (rule, entity, window_us)
) {strict};
CREATE INDEX audit_alerts_old ON audit_alerts(created_us);

-- What detection remembers of a user by the hour (since 1970), to know what is usual: kind 1 counts files that were
-- read, 2 their bytes. Two weeks are kept.
CREATE TABLE watch_hours (
    user_id {uuid} NOT NULL,
    kind {int} NOT NULL,
    hour {int} NOT NULL,
    amount {int} NOT NULL,
    PRIMARY KEY (user_id, kind, hour)
) {strict};
CREATE INDEX watch_hours_old ON watch_hours(hour);

-- What nobody has a reason to touch. since_seq: the last event before it was said.
CREATE TABLE audit_canaries (
    object_id {uuid} NOT NULL PRIMARY KEY,
    noun {text} NOT NULL,
    created_us {int} NOT NULL,
    since_seq {int} NOT NULL
) {strict};

-- @sqlite
-- A defence against accidents, not against who can write to the file: for that there are the hashes.
CREATE TRIGGER audit_events_fixed BEFORE UPDATE OF seq, id, user_id, created_us, action, noun, object_id, owner_id,
success, error, actor, request_id, chain, position, severity, back_us, method, credential_id, hash ON audit_events
BEGIN SELECT RAISE(ABORT, 'events of the audit are never changed'); END;
CREATE TRIGGER audit_events_kept BEFORE DELETE ON audit_events WHEN NOT EXISTS (
SELECT 1 FROM audit_segments WHERE chain = OLD.chain AND segment = (OLD.position - 1) / 4096 AND pruned_us IS NOT NULL)
BEGIN SELECT RAISE(ABORT, 'events of the audit are removed in sealed segments only'); END;
CREATE TRIGGER audit_checkpoints_fixed BEFORE UPDATE ON audit_checkpoints
BEGIN SELECT RAISE(ABORT, 'checkpoints of the audit are never changed'); END;
CREATE TRIGGER audit_checkpoints_kept BEFORE DELETE ON audit_checkpoints
BEGIN SELECT RAISE(ABORT, 'checkpoints of the audit are never removed'); END;
