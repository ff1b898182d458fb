-- SPDX-License-Identifier: MIT
-- Records whose words are not indexed yet. To add one row to the index in a commit costs as much as fifty in one, so a
-- change leaves a note here, in its own commit, and the notes are worked off together. noun: its field ids divided by
-- 1000.
CREATE TABLE search_pending (
    seq {seq},
    noun {int} NOT NULL,
    row {int} NOT NULL
) {strict};

CREATE INDEX search_pending_noun ON search_pending(noun, seq);
INSERT INTO search_pending (noun, row) SELECT 1, seq FROM users;
INSERT INTO search_pending (noun, row) SELECT 2, seq FROM jobs;
INSERT INTO search_pending (noun, row) SELECT 3, seq FROM videos;
INSERT INTO search_pending (noun, row) SELECT 4, seq FROM files;
