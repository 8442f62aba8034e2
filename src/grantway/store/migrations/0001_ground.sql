-- Times are INT64 milliseconds since 1970 unless the name ends in _us (microseconds).
CREATE TABLE setting_of_server (
  name TEXT NOT NULL PRIMARY KEY,
  value TEXT NOT NULL
) KEYED;

CREATE TABLE org (
  id TEXT NOT NULL PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  edition TEXT NOT NULL,
  my_domain TEXT NOT NULL,
  settings TEXT NOT NULL,
  version INT64 NOT NULL,
  not_before INT64 NOT NULL,
  created_at INT64 NOT NULL
) KEYED;

CREATE TABLE profile (
  id TEXT NOT NULL PRIMARY KEY,
  org_id TEXT NOT NULL REFERENCES org(id),
  name TEXT NOT NULL,
  label TEXT NOT NULL,
  permissions TEXT NOT NULL,
  created_at INT64 NOT NULL,
  UNIQUE (org_id, name)
) KEYED;

CREATE TABLE permission_set (
  id TEXT NOT NULL PRIMARY KEY,
  org_id TEXT NOT NULL REFERENCES org(id),
  name TEXT NOT NULL,
  label TEXT NOT NULL,
  permissions TEXT NOT NULL,
  created_at INT64 NOT NULL,
  UNIQUE (org_id, name)
) KEYED;

-- Not "user": that word is PostgreSQL's.
CREATE TABLE person (
  id TEXT NOT NULL PRIMARY KEY,
  org_id TEXT NOT NULL REFERENCES org(id),
  username TEXT NOT NULL UNIQUE,
  email TEXT NOT NULL,
  first_name TEXT NOT NULL,
  last_name TEXT NOT NULL,
  profile_id TEXT NOT NULL REFERENCES profile(id),
  password_hash TEXT NOT NULL,
  is_active INT64 NOT NULL,
  is_frozen INT64 NOT NULL,
  not_before INT64 NOT NULL,
  details TEXT NOT NULL,
  created_at INT64 NOT NULL,
  updated_at INT64 NOT NULL
) KEYED;

CREATE INDEX person_of_org ON person (org_id);

CREATE TABLE permission_set_assignment (
  person_id TEXT NOT NULL REFERENCES person(id),
  permission_set_id TEXT NOT NULL REFERENCES permission_set(id),
  PRIMARY KEY (person_id, permission_set_id)
) KEYED;

CREATE TABLE app (
  id TEXT NOT NULL PRIMARY KEY,
  org_id TEXT NOT NULL REFERENCES org(id),
  name TEXT NOT NULL,
  consumer_key TEXT NOT NULL UNIQUE,
  secret_mac BYTES NOT NULL,
  secret_box BYTES NOT NULL,
  settings TEXT NOT NULL,
  metadata TEXT NOT NULL,
  version INT64 NOT NULL,
  created_at INT64 NOT NULL,
  created_by TEXT NOT NULL,
  UNIQUE (org_id, name)
) KEYED;

-- No row: the app is not installed in the org. run_as repeats the setting of that name, for the join.
CREATE TABLE app_policy (
  org_id TEXT NOT NULL REFERENCES org(id),
  app_id TEXT NOT NULL REFERENCES app(id),
  settings TEXT NOT NULL,
  run_as TEXT NOT NULL,
  version INT64 NOT NULL,
  is_blocked INT64 NOT NULL,
  not_before INT64 NOT NULL,
  installed_at INT64 NOT NULL,
  PRIMARY KEY (org_id, app_id)
) KEYED;

CREATE INDEX app_policy_of_app ON app_policy (app_id);

CREATE TABLE approval (
  person_id TEXT NOT NULL REFERENCES person(id),
  app_id TEXT NOT NULL REFERENCES app(id),
  scopes TEXT NOT NULL,
  first_at INT64 NOT NULL,
  last_at INT64 NOT NULL,
  PRIMARY KEY (person_id, app_id)
) KEYED;

CREATE TABLE signing_key (
  kid TEXT NOT NULL PRIMARY KEY,
  purpose TEXT NOT NULL,
  private_box BYTES NOT NULL,
  created_at INT64 NOT NULL,
  retired_at INT64
) KEYED;

-- One browser: a cookie that names a set of sessions, one active per org (decision 20).
CREATE TABLE browser (
  id SORTTEXT NOT NULL PRIMARY KEY,
  hash BYTES NOT NULL UNIQUE,
  created_at INT64 NOT NULL,
  seen_at INT64 NOT NULL
) KEYED;

CREATE TABLE browser_session (
  id SORTTEXT NOT NULL PRIMARY KEY,
  browser_id SORTTEXT NOT NULL,
  org_id TEXT NOT NULL,
  person_id TEXT NOT NULL,
  auth_time INT64 NOT NULL,
  seen_at INT64 NOT NULL,
  expires_at INT64 NOT NULL,
  ended_at INT64
) KEYED;

CREATE INDEX browser_session_of_browser ON browser_session (browser_id);

CREATE INDEX browser_session_of_person ON browser_session (person_id);

-- An authorization request that waits for a login or a consent. Nothing that decides is read back from a form (S3).
CREATE TABLE authorization_request (
  id SORTTEXT NOT NULL PRIMARY KEY,
  browser_id SORTTEXT NOT NULL,
  request TEXT NOT NULL,
  created_at INT64 NOT NULL,
  done_at INT64
) KEYED;

CREATE TABLE login_failure (
  principal TEXT NOT NULL PRIMARY KEY,
  failures INT64 NOT NULL,
  last_at INT64 NOT NULL
) KEYED;

CREATE INDEX login_failure_at ON login_failure (last_at);

-- The tables below are written on hot paths: no foreign keys, no index that a request does not need.
CREATE TABLE authorization_code (
  id SORTTEXT NOT NULL PRIMARY KEY,
  hash BYTES NOT NULL,
  family_id SORTTEXT NOT NULL,
  app_id TEXT NOT NULL,
  org_id TEXT NOT NULL,
  user_id TEXT NOT NULL,
  door TEXT NOT NULL,
  redirect_uri TEXT NOT NULL,
  redirect_uri_sent INT64 NOT NULL,
  scopes TEXT NOT NULL,
  challenge TEXT NOT NULL,
  nonce TEXT NOT NULL,
  auth_time INT64 NOT NULL,
  session_id TEXT NOT NULL,
  issued_at INT64 NOT NULL,
  expires_at INT64 NOT NULL,
  spent_at INT64,
  settled_us INT64
) KEYED;

CREATE TABLE token_family (
  id SORTTEXT NOT NULL PRIMARY KEY,
  app_id TEXT NOT NULL,
  org_id TEXT NOT NULL,
  user_id TEXT NOT NULL,
  door TEXT NOT NULL,
  scopes TEXT NOT NULL,
  auth_time INT64 NOT NULL,
  created_at INT64 NOT NULL,
  used_at INT64 NOT NULL,
  has_refresh INT64 NOT NULL,
  revoked_at INT64,
  revoked_why TEXT NOT NULL
) KEYED;

CREATE INDEX token_family_of_user ON token_family (user_id, app_id);

CREATE INDEX token_family_of_app ON token_family (app_id);

CREATE TABLE refresh_token (
  id SORTTEXT NOT NULL PRIMARY KEY,
  hash BYTES NOT NULL,
  family_id SORTTEXT NOT NULL,
  issued_at INT64 NOT NULL,
  spent_at INT64,
  settled_us INT64,
  successor_id SORTTEXT NOT NULL
) KEYED;

CREATE TABLE access_token (
  id SORTTEXT NOT NULL PRIMARY KEY,
  hash BYTES NOT NULL,
  family_id SORTTEXT NOT NULL,
  app_id TEXT NOT NULL,
  org_id TEXT NOT NULL,
  user_id TEXT NOT NULL,
  door TEXT NOT NULL,
  scopes TEXT NOT NULL,
  issued_at INT64 NOT NULL,
  expires_at INT64 NOT NULL,
  lifetime_ms INT64 NOT NULL,
  revoked_at INT64
) KEYED;

CREATE TABLE event (
  id SORTTEXT NOT NULL PRIMARY KEY,
  at INT64 NOT NULL,
  kind TEXT NOT NULL,
  org_id TEXT NOT NULL,
  app_id TEXT NOT NULL,
  user_id TEXT NOT NULL,
  address TEXT NOT NULL,
  request_id TEXT NOT NULL,
  detail TEXT NOT NULL
) KEYED;

CREATE TABLE refusal (
  request_id TEXT NOT NULL PRIMARY KEY,
  at INT64 NOT NULL,
  org_id TEXT NOT NULL,
  app_id TEXT NOT NULL,
  user_id TEXT NOT NULL,
  endpoint TEXT NOT NULL,
  reason TEXT NOT NULL,
  error TEXT NOT NULL,
  facts TEXT NOT NULL,
  checks TEXT NOT NULL,
  address TEXT NOT NULL
) KEYED;

CREATE INDEX refusal_of_app ON refusal (app_id, at);

CREATE INDEX refusal_at ON refusal (at);
