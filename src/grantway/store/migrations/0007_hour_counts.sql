-- Serves releases from schema 1 on.
-- How often something happened in an hour of an org: tokens by flow, refusals by reason. Written behind the answers.
CREATE TABLE hour_count (
  org_id TEXT NOT NULL,
  hour INT64 NOT NULL,
  what TEXT NOT NULL,
  name TEXT NOT NULL,
  count INT64 NOT NULL,
  PRIMARY KEY (org_id, hour, what, name)
) KEYED;

CREATE INDEX hour_count_at ON hour_count (hour);

CREATE INDEX refusal_of_org ON refusal (org_id, at);
