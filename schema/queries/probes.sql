-- SPDX-License-Identifier: MIT

-- name: probe_find
-- What was found in these bytes, in a process for them alone if there is that.
SELECT isolation, answer FROM probes WHERE sha256 = $1 AND warm <= $2 AND prober = $3 AND options = $4 ORDER BY warm
LIMIT 1;

-- name: probe_remember
-- Only while the bytes are stored: what goes with them must not come after them.
INSERT INTO probes (sha256, warm, prober, isolation, options, answer)
SELECT sha256, $1, $2, $3, $4, $5 FROM blobs WHERE sha256 = $6 AND state = 20 LIMIT 1
ON CONFLICT (sha256, warm) DO UPDATE SET prober = excluded.prober, isolation = excluded.isolation,
options = excluded.options, answer = excluded.answer;

-- name: probe_forget
-- The bytes of a blob go; others may have the same.
DELETE FROM probes WHERE sha256 = (SELECT sha256 FROM blobs WHERE id = $1) AND NOT EXISTS (SELECT 1 FROM blobs AS other
WHERE other.sha256 = probes.sha256 AND other.state = 20 AND other.id <> $1);
