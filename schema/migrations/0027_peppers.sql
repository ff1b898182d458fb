-- SPDX-License-Identifier: MIT
-- Which pepper went into the hash of a password; NULL: none. The hash itself stays as portable as it was.
ALTER TABLE user_passwords ADD COLUMN pepper {int};
CREATE INDEX user_passwords_pepper ON user_passwords(pepper) WHERE pepper IS NOT NULL;
