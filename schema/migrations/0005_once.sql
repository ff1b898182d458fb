-- SPDX-License-Identifier: MIT
-- Tokens of use once: one a user and purpose, so that the newest replaces the one before. What names nobody has its row
-- too, that of the nil user: asking costs the same, whoever is asked for, and no number of askings fills the table.
CREATE TABLE one_time_tokens (
    user_id {uuid} NOT NULL,
    kind {int} NOT NULL,
    token_id {text} NOT NULL UNIQUE,
    digest {blob} NOT NULL,
    address {text},
    epoch {int} NOT NULL,
    created_us {int} NOT NULL,
    expires_us {int} NOT NULL,
    PRIMARY KEY (user_id, kind)
) {strict};
CREATE INDEX one_time_tokens_expiry ON one_time_tokens(expires_us);
