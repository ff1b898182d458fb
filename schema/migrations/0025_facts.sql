-- SPDX-License-Identifier: MIT
-- More of what a probe finds, for filters and facets. Those with languages hold several, with blanks between. What was
-- probed before has none of them until it is probed again.
ALTER TABLE videos ADD COLUMN rate_mode {text};
ALTER TABLE videos ADD COLUMN fps_milli {int};
ALTER TABLE videos ADD COLUMN level {int};
ALTER TABLE videos ADD COLUMN chroma {text};
ALTER TABLE videos ADD COLUMN color_range {text};
ALTER TABLE videos ADD COLUMN primaries {text};
ALTER TABLE videos ADD COLUMN transfer {text};
ALTER TABLE videos ADD COLUMN dv_profile {int};
ALTER TABLE videos ADD COLUMN projection {text};
ALTER TABLE videos ADD COLUMN stereo3d {text};
ALTER TABLE videos ADD COLUMN closed_captions {int};
ALTER TABLE videos ADD COLUMN audio_streams {int};
ALTER TABLE videos ADD COLUMN audio_languages {text};
ALTER TABLE videos ADD COLUMN subtitle_streams {int};
ALTER TABLE videos ADD COLUMN subtitle_languages {text};
ALTER TABLE videos ADD COLUMN faststart {int};
ALTER TABLE videos ADD COLUMN fragmented {int};
ALTER TABLE videos ADD COLUMN encrypted {int};
ALTER TABLE videos ADD COLUMN make {text};
ALTER TABLE videos ADD COLUMN model {text};
