-- SPDX-License-Identifier: MIT
-- Links: whoever has the token of one may read one file, and nothing else. Of the token only a digest is kept. They go
-- with the file.
CREATE TABLE links (
    seq {seq},
    id {uuid} NOT NULL UNIQUE,
    user_id {uuid} NOT NULL,
    created_us {int} NOT NULL,
    updated_us {int} NOT NULL,
    version {int} NOT NULL,
    name {text},
    file_id {uuid} NOT NULL REFERENCES files(id) ON DELETE CASCADE,
    token_id {text} NOT NULL UNIQUE,
    expires_us {int} NOT NULL,
    max_uses {int},
    uses {int} NOT NULL,
    last_used_us {int},
    revoked_us {int},
    reason {text},
    created_by {uuid} NOT NULL,
    digest {blob}
) {strict};

CREATE INDEX links_user ON links(user_id, seq);
CREATE INDEX links_file ON links(file_id, seq);
CREATE INDEX links_maker ON links(created_by, seq);
CREATE INDEX links_expiry ON links(expires_us);
