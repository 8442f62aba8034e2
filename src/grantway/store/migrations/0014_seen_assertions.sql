-- Serves releases from schema 1 on.
-- Assertions that were accepted, so that one does not count twice. `digest` is a hash of its id or of its bytes; the row
-- stays until the assertion has ended.
CREATE TABLE seen_assertion (
  digest TEXT NOT NULL PRIMARY KEY,
  app_id TEXT NOT NULL,
  first_at INT64 NOT NULL,
  ends_at INT64 NOT NULL
) KEYED;

CREATE INDEX seen_assertion_ends ON seen_assertion (ends_at);

CREATE INDEX seen_assertion_of_app ON seen_assertion (app_id, ends_at);
