-- SPDX-License-Identifier: MIT
-- Who owns things and who acts. The password's hash stands apart, so that no list ever reads it.
-- What an account has proved counts for one auth_epoch of it: a new role, state or password begins the next. pepper:
-- which of the host's went into the hash, NULL: none; the hash itself stays as portable as it was.
CREATE TABLE users (
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
    username {text} NOT NULL,
    username_key {text} GENERATED ALWAYS AS (lower(username)) STORED,
    email {text},
    email_key {text} GENERATED ALWAYS AS (lower(email)) STORED,
    full_name {text},
    role {int} NOT NULL,
    state {int} NOT NULL,
    email_verified {int} NOT NULL,
    last_login_us {int},
    password_changed_us {int},
    job_count {int} NOT NULL,
    processing_ms {int} NOT NULL,
    suspended_until_us {int},
    auth_epoch {int} NOT NULL DEFAULT 0
) {strict};

CREATE UNIQUE INDEX users_username ON users(username_key) WHERE deleted_us IS NULL;
CREATE UNIQUE INDEX users_email ON users(email_key) WHERE email_key IS NOT NULL AND deleted_us IS NULL;
CREATE UNIQUE INDEX users_external ON users(external_id) WHERE external_id IS NOT NULL AND deleted_us IS NULL;
CREATE INDEX users_sorted ON users(username_key, seq);
CREATE INDEX users_role ON users(role, state);
CREATE INDEX users_state ON users(state);

CREATE TABLE user_passwords (
    user_id {uuid} NOT NULL UNIQUE REFERENCES users(id) ON DELETE CASCADE,
    hash {text} NOT NULL,
    updated_us {int} NOT NULL,
    pepper {int}
) {strict};

CREATE INDEX user_passwords_pepper ON user_passwords(pepper) WHERE pepper IS NOT NULL;

CREATE TABLE user_identities (
    seq {seq},
    user_id {uuid} NOT NULL REFERENCES users(id) ON DELETE CASCADE,
    provider {text} NOT NULL,
    subject {text} NOT NULL,
    created_us {int} NOT NULL
) {strict};

CREATE UNIQUE INDEX user_identities_subject ON user_identities(provider, subject);
CREATE INDEX user_identities_user ON user_identities(user_id);
