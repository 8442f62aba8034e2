-- Serves releases from schema 1 on.
-- An external client app may have several pairs beside its current one: one that is staged, and those that were
-- replaced in the last 30 days. So a pair is named by its key, no longer by app and state.
CREATE TABLE app_credential_by_key (
  consumer_key TEXT NOT NULL PRIMARY KEY,
  app_id TEXT NOT NULL,
  state TEXT NOT NULL,
  secret_mac BYTES NOT NULL,
  secret_box BYTES NOT NULL,
  created_at INT64 NOT NULL,
  created_by TEXT NOT NULL,
  ends_at INT64
) KEYED;

INSERT INTO app_credential_by_key
  (consumer_key, app_id, state, secret_mac, secret_box, created_at, created_by, ends_at)
  SELECT consumer_key, app_id, state, secret_mac, secret_box, created_at, created_by, ends_at FROM app_credential;

DROP TABLE app_credential;

ALTER TABLE app_credential_by_key RENAME TO app_credential;

CREATE INDEX app_credential_of_app ON app_credential (app_id);
