-- SPDX-License-Identifier: MIT
-- What was removed, by when: for the clean-up that ends it for good. The parts of a job go before it.
CREATE INDEX jobs_deleted ON jobs(deleted_us, seq DESC) WHERE deleted_us IS NOT NULL;
CREATE INDEX videos_deleted ON videos(deleted_us) WHERE deleted_us IS NOT NULL;
