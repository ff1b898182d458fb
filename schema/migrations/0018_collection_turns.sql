-- SPDX-License-Identifier: MIT
-- Cursors into a collection outlive a new numbering of its places. turn: how often they were numbered anew. was: where
-- a video stood before the last time; NULL when it was put there since. With it a place of before becomes one of now.
ALTER TABLE collections ADD COLUMN turn {int} NOT NULL DEFAULT 0;
ALTER TABLE collection_videos ADD COLUMN was {int};
