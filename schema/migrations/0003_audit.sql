-- SPDX-License-Identifier: MIT
-- What happened. Nothing refers to other tables: events outlive what they tell of.
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
    description {text}
) {strict};

CREATE INDEX audit_events_object ON audit_events(object_id, seq) WHERE object_id IS NOT NULL;
CREATE INDEX audit_events_user ON audit_events(user_id, seq);
CREATE INDEX audit_events_owner ON audit_events(owner_id, seq) WHERE owner_id IS NOT NULL;
CREATE INDEX audit_events_failed ON audit_events(seq) WHERE success = 0;
