-- SPDX-License-Identifier: MIT
-- What a probe found in bytes that are stored, by their digest, so that the same bytes are not probed twice by the same
-- prober. It says nothing about whose they are, and goes with the last of them. warm: 1 by a process that had read
-- other files before, which answers for no one who wants a process for each file. options: what else the answer hangs
-- on.
CREATE TABLE probes (
    seq {seq},
    sha256 {blob} NOT NULL,
    warm {int} NOT NULL,
    prober {text} NOT NULL,
    isolation {text} NOT NULL,
    options {text} NOT NULL,
    answer {json} NOT NULL
) {strict};

CREATE UNIQUE INDEX probes_content ON probes(sha256, warm);
