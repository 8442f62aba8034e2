-- Serves releases from schema 1 on.
-- Token exchange handlers of an org: whose tokens it believes. settings, metadata: JSON; secret_box: sealed, or empty.
CREATE TABLE token_handler (
  id TEXT NOT NULL PRIMARY KEY,
  org_id TEXT NOT NULL REFERENCES org(id),
  name TEXT NOT NULL,
  settings TEXT NOT NULL,
  secret_box BYTES NOT NULL,
  metadata TEXT NOT NULL,
  version INT64 NOT NULL,
  created_at INT64 NOT NULL,
  UNIQUE (org_id, name)
) KEYED;

-- Which apps may use a handler, and as whom it works for them. No foreign key to the app: a release that does not know
-- this table can still delete one.
CREATE TABLE token_handler_app (
  handler_id TEXT NOT NULL REFERENCES token_handler(id),
  app_id TEXT NOT NULL,
  run_as TEXT NOT NULL,
  is_default INT64 NOT NULL,
  PRIMARY KEY (handler_id, app_id)
) KEYED;

CREATE INDEX token_handler_of_app ON token_handler_app (app_id);

-- Who acts for the user with a token, as the JSON of the claim act; empty where nobody does.
ALTER TABLE access_token ADD COLUMN actor TEXT NOT NULL DEFAULT '';

CREATE INDEX person_by_email ON person (org_id, email);
