-- SPDX-License-Identifier: MIT
-- Keys of users for programs. Of the secret only a digest is kept.
CREATE TABLE api_keys (
    seq {seq},
    id {uuid} NOT NULL UNIQUE,
    user_id {uuid} NOT NULL REFERENCES users(id) ON DELETE CASCADE,
    created_us {int} NOT NULL,
    updated_us {int} NOT NULL,
    version {int} NOT NULL,
    name {text} NOT NULL,
    token_id {text} NOT NULL UNIQUE,
    scopes {text} NOT NULL,
    addresses {text},
    expires_us {int},
    revoked_us {int},
    reason {text},
    created_by {uuid},
    replaced_by {uuid},
    last_used_us {int},
    last_ip {text},
    use_count {int} NOT NULL,
    digest {blob}
) {strict};

CREATE INDEX api_keys_user ON api_keys(user_id, seq);
CREATE INDEX api_keys_expiry ON api_keys(expires_us) WHERE revoked_us IS NULL AND expires_us IS NOT NULL;
CREATE INDEX api_keys_ended ON api_keys(revoked_us) WHERE revoked_us IS NOT NULL;
