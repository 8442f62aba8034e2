-- Serves releases from schema 1 on.
-- The settings files that an org's settings were imported from, as JSON, so that what no setting takes is exported
-- again. `member` is what package.xml calls the file: OauthOidc, Security …
CREATE TABLE org_file (
  org_id TEXT NOT NULL REFERENCES org(id),
  member TEXT NOT NULL,
  document TEXT NOT NULL,
  PRIMARY KEY (org_id, member)
) KEYED;

-- Metadata files that somebody uploaded in the console and has not confirmed yet, sealed, for they may hold a consumer
-- secret. One a person: a new upload takes the place of the one before. No foreign key: it ends by itself.
CREATE TABLE metadata_upload (
  id TEXT NOT NULL PRIMARY KEY,
  person_id TEXT NOT NULL UNIQUE,
  session_id TEXT NOT NULL,
  files BYTES NOT NULL,
  created_at INT64 NOT NULL
) KEYED;

CREATE INDEX metadata_upload_at ON metadata_upload (created_at);
