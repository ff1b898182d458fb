-- SPDX-License-Identifier: MIT
-- Uploads are found by their source until a file refers to them, whole ones too.
DROP INDEX blobs_source;

CREATE INDEX blobs_source ON blobs(source, touched_us) WHERE refs = 0 AND source IS NOT NULL;
