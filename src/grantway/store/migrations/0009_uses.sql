-- Serves releases from schema 1 on.
-- How many access tokens came of a line: the first with it, one more with each use of its refresh token.
ALTER TABLE token_family ADD COLUMN uses INT64 NOT NULL DEFAULT 1;

-- When an app was given access tokens in an org, and how many. Rows of a user count what no refresh token stands behind
-- (client credentials, a login without one); the row with an empty user_id counts every token of the app. Written
-- behind the answers. Times in ms. No foreign key: a release that does not know this table can still delete an app.
CREATE TABLE app_use (
  app_id TEXT NOT NULL,
  org_id TEXT NOT NULL,
  user_id TEXT NOT NULL,
  first_at INT64 NOT NULL,
  last_at INT64 NOT NULL,
  uses INT64 NOT NULL,
  PRIMARY KEY (app_id, org_id, user_id)
) KEYED;

INSERT INTO app_use (org_id, app_id, user_id, first_at, last_at, uses)
  SELECT org_id, app_id, '', MIN(created_at), MAX(used_at), COUNT(*) FROM token_family GROUP BY org_id, app_id;

-- What still stands of an app in an org, the newest last. A refresh changes nothing in it.
CREATE INDEX token_family_standing ON token_family (app_id, org_id, has_refresh, id) WHERE revoked_at IS NULL;

-- Access tokens that belong to no line: client credentials. Those of lines end with their line.
CREATE INDEX access_token_single ON access_token (app_id, org_id, id) WHERE family_id = '';
