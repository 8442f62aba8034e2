-- Serves releases from schema 1 on.
-- A staged pair of key and secret of an app waits to be applied; a previous one still answers until `ends_at` (ms).
-- `state` is staged or previous; a connected app has at most one of each, an external client app's staged pair has an
-- end and answers at once. No foreign key: a release that does not know this table can still delete an app.
CREATE TABLE app_credential (
  app_id TEXT NOT NULL,
  state TEXT NOT NULL,
  consumer_key TEXT NOT NULL UNIQUE,
  secret_mac BYTES NOT NULL,
  secret_box BYTES NOT NULL,
  created_at INT64 NOT NULL,
  created_by TEXT NOT NULL,
  ends_at INT64,
  PRIMARY KEY (app_id, state)
) KEYED;

-- When the person of a session last entered their password again, to see a secret (ms).
ALTER TABLE browser_session ADD COLUMN verified_at INT64;

-- The audit trail's records alone: not the events of tokens.
CREATE INDEX event_of_administration ON event (org_id, id) WHERE substr(kind, 1, 6) = 'admin.';
