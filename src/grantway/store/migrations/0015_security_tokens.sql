-- Serves releases from schema 1 on.
-- What a user sends behind the password where an app knows it (username-password flow); only its hash.
CREATE TABLE security_token (
  person_id TEXT NOT NULL PRIMARY KEY,
  hash BYTES NOT NULL,
  created_at INT64 NOT NULL
) KEYED;
