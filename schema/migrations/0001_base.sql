-- SPDX-License-Identifier: MIT
-- What every store has before its first noun: its history, its two version numbers, its settings.

CREATE TABLE vs_migration (
    version {int} NOT NULL PRIMARY KEY,
    name {text} NOT NULL,
    checksum {blob} NOT NULL,
    applied_us {int} NOT NULL,
    took_us {int} NOT NULL,
    library {text} NOT NULL
) {strict};

CREATE TABLE vs_meta (
    key {text} NOT NULL PRIMARY KEY,
    value {text} NOT NULL
) {strict};

CREATE TABLE settings (
    name {text} NOT NULL PRIMARY KEY,
    value {json} NOT NULL,
    updated_us {int} NOT NULL,
    updated_by {uuid}
) {strict};
