-- SPDX-License-Identifier: MIT
-- When the bytes were last read and compared with their SHA-256, whatever that found; 0: never.
ALTER TABLE blobs ADD COLUMN verified_us {int} NOT NULL DEFAULT 0;

CREATE INDEX blobs_verified ON blobs(verified_us, seq) WHERE state = 20 AND refs > 0;
