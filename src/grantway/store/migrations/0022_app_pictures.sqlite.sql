-- Serves releases from schema 1 on.
-- Copies of the pictures that apps have elsewhere: pages load none from other servers. `due_at` is when a server may
-- fetch it; NULL when there is nothing to do. `digest` is SHA-256 of `body`, as hex, and the last part of its address.
-- `tried_at` is the last attempt, and `problem` why that failed.
CREATE TABLE app_picture (
  app_id TEXT NOT NULL,
  role TEXT NOT NULL,
  url TEXT NOT NULL,
  due_at INT64,
  tried_at INT64 NOT NULL,
  problem TEXT NOT NULL,
  fetched_at INT64 NOT NULL,
  digest TEXT NOT NULL,
  media_type TEXT NOT NULL,
  body BYTES NOT NULL,
  PRIMARY KEY (app_id, role)
) KEYED;

CREATE INDEX app_picture_due ON app_picture (due_at);

CREATE INDEX app_picture_digest ON app_picture (digest);

-- What apps have already waits to be fetched.
INSERT INTO app_picture (app_id, role, url, due_at, tried_at, problem, fetched_at, digest, media_type, body)
SELECT id, 'logo', json_extract(settings, '$.logo_url'), 0, 0, '', 0, '', '', x'' FROM app
WHERE COALESCE(json_extract(settings, '$.logo_url'), '') <> '';

INSERT INTO app_picture (app_id, role, url, due_at, tried_at, problem, fetched_at, digest, media_type, body)
SELECT id, 'icon', json_extract(settings, '$.icon_url'), 0, 0, '', 0, '', '', x'' FROM app
WHERE COALESCE(json_extract(settings, '$.icon_url'), '') <> '';
