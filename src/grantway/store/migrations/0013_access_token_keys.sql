-- Serves releases from schema 1 on.
-- Keys that sign JWT-based access tokens: one set an org, of which the org names the one in force; empty before its first.
ALTER TABLE org ADD COLUMN access_kid TEXT NOT NULL DEFAULT '';

ALTER TABLE signing_key ADD COLUMN org_id TEXT NOT NULL DEFAULT '';

-- The key that signed an access token; empty for an opaque one.
ALTER TABLE access_token ADD COLUMN kid TEXT NOT NULL DEFAULT '';
