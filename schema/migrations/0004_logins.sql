-- SPDX-License-Identifier: MIT
-- Logins: what a browser keeps is a token; the store keeps its digest, and ends it whenever it likes.
CREATE TABLE logins (
    seq {seq},
    id {uuid} NOT NULL UNIQUE,
    user_id {uuid} NOT NULL REFERENCES users(id) ON DELETE CASCADE,
    created_us {int} NOT NULL,
    updated_us {int} NOT NULL,
    version {int} NOT NULL,
    token_id {text} NOT NULL UNIQUE,
    method {text} NOT NULL,
    ip {text},
    user_agent {text},
    device {text},
    proved_us {int} NOT NULL,
    last_seen_us {int} NOT NULL,
    last_ip {text},
    expires_us {int} NOT NULL,
    idle_ms {int} NOT NULL,
    revoked_us {int},
    reason {text},
    digest {blob} NOT NULL
) {strict};

CREATE INDEX logins_user ON logins(user_id, seq);
CREATE INDEX logins_live ON logins(user_id, last_seen_us) WHERE revoked_us IS NULL;
CREATE INDEX logins_expiry ON logins(expires_us);

-- Devices that their user trusts, and networks that it came from: tries from there are counted apart.
CREATE TABLE login_devices (
    seq {seq},
    token_id {text} NOT NULL UNIQUE,
    user_id {uuid} NOT NULL REFERENCES users(id) ON DELETE CASCADE,
    digest {blob} NOT NULL,
    created_us {int} NOT NULL,
    expires_us {int} NOT NULL
) {strict};
CREATE INDEX login_devices_user ON login_devices(user_id, seq);
CREATE INDEX login_devices_expiry ON login_devices(expires_us);

CREATE TABLE login_sources (
    user_id {uuid} NOT NULL REFERENCES users(id) ON DELETE CASCADE,
    source {text} NOT NULL,
    last_us {int} NOT NULL,
    PRIMARY KEY (user_id, source)
) {strict};
CREATE INDEX login_sources_last ON login_sources(last_us);

-- How often tries failed. A bucket is a keyed digest of what is counted: no name stands here, known or not.
CREATE TABLE throttles (
    bucket {blob} NOT NULL PRIMARY KEY,
    failures {int} NOT NULL,
    since_us {int} NOT NULL,
    wait_us {int} NOT NULL,
    names {int} NOT NULL,
    names_us {int} NOT NULL,
    expires_us {int} NOT NULL
) {strict};
CREATE INDEX throttles_expiry ON throttles(expires_us);
