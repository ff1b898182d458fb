-- SPDX-License-Identifier: MIT
-- What videos are sorted by in people's heads: the year, and the class of their resolution. Season by season.
ALTER TABLE videos ADD COLUMN year {int};
ALTER TABLE videos ADD COLUMN resolution {text};
CREATE INDEX videos_series ON videos(series, season, episode) WHERE series IS NOT NULL;
