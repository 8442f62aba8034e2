-- Serves releases from schema 1 on.
-- The resource servers that somebody asked to use tokens at (RFC 8707), joined by blanks; empty for all that is answered
-- under the base URL. A code and a family hold what was approved, an access token what it is good for.
ALTER TABLE authorization_code ADD COLUMN resources TEXT NOT NULL DEFAULT '';

ALTER TABLE token_family ADD COLUMN resources TEXT NOT NULL DEFAULT '';

ALTER TABLE access_token ADD COLUMN resources TEXT NOT NULL DEFAULT '';

ALTER TABLE approval ADD COLUMN resources TEXT NOT NULL DEFAULT '';
