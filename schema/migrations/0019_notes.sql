-- SPDX-License-Identifier: MIT
-- Records whose words are not indexed yet, anew: the number of a note is what it tells of, its noun (field ids divided
-- by 1000) times 2^48 and the row. A record that changes again needs no second note, and the table no index.
CREATE TABLE search_notes (
    place {int} NOT NULL PRIMARY KEY
) {strict};

INSERT INTO search_notes (place) SELECT DISTINCT noun * 281474976710656 + row FROM search_pending;
DROP TABLE search_pending;
