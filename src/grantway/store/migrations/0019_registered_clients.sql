-- Serves releases from schema 1 on.
-- Apps that registered themselves (RFC 7591). `parent_id`: the app whose initial access token let them in, whose policies
-- are theirs, so that they have no row of their own in app_policy; empty for every other app. `auth_method`: the client
-- authentication that was registered; empty for apps that an administrator made.
ALTER TABLE app ADD COLUMN parent_id TEXT NOT NULL DEFAULT '';

ALTER TABLE app ADD COLUMN auth_method TEXT NOT NULL DEFAULT '';

CREATE INDEX app_of_parent ON app (parent_id);

-- The one initial access token of an app, as its hash. No foreign key: a release that does not know this table can still
-- delete an app.
CREATE TABLE initial_access_token (
  app_id TEXT NOT NULL PRIMARY KEY,
  hash BYTES NOT NULL UNIQUE,
  created_at INT64 NOT NULL,
  created_by TEXT NOT NULL,
  used_at INT64
) KEYED;

-- A registered client: `hash` of its registration access token, the door it registered at, and as JSON what it
-- registered that no setting of the app holds.
CREATE TABLE registered_client (
  app_id TEXT NOT NULL PRIMARY KEY,
  org_id TEXT NOT NULL,
  is_open INT64 NOT NULL,
  hash BYTES NOT NULL,
  door TEXT NOT NULL,
  document TEXT NOT NULL,
  created_at INT64 NOT NULL
) KEYED;

CREATE INDEX registered_client_at ON registered_client (is_open, org_id, created_at);

-- How often an address registered without a token in the hour that began at `window_at` (ms).
CREATE TABLE registration_pace (
  address TEXT NOT NULL PRIMARY KEY,
  window_at INT64 NOT NULL,
  count INT64 NOT NULL
) KEYED;

CREATE INDEX registration_pace_at ON registration_pace (window_at);
