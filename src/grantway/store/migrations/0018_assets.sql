-- Serves releases from schema 1 on.
-- Devices that users registered by the asset token flow. identity says by what a device is known again: its serial
-- number, else its device id, else its name.
CREATE TABLE asset (
  id TEXT NOT NULL PRIMARY KEY,
  org_id TEXT NOT NULL,
  person_id TEXT NOT NULL,
  app_id TEXT NOT NULL,
  identity TEXT NOT NULL,
  name TEXT NOT NULL,
  serial_number TEXT NOT NULL,
  device_id TEXT NOT NULL,
  device_key TEXT NOT NULL,
  is_frozen INT64 NOT NULL,
  created_at INT64 NOT NULL,
  last_token_at INT64 NOT NULL,
  UNIQUE (person_id, identity)
) KEYED;

CREATE INDEX asset_of_org ON asset (org_id, last_token_at);

-- asset_id is empty where the device was not named.
CREATE TABLE asset_token (
  id SORTTEXT NOT NULL PRIMARY KEY,
  hash BYTES NOT NULL,
  asset_id TEXT NOT NULL,
  app_id TEXT NOT NULL,
  org_id TEXT NOT NULL,
  user_id TEXT NOT NULL,
  door TEXT NOT NULL,
  issued_at INT64 NOT NULL,
  expires_at INT64 NOT NULL,
  revoked_at INT64
) KEYED;

-- Self-signed certificates of an org whose private keys are held here (signing_key, by kid).
CREATE TABLE org_certificate (
  id TEXT NOT NULL PRIMARY KEY,
  org_id TEXT NOT NULL,
  name TEXT NOT NULL,
  pem TEXT NOT NULL,
  kid TEXT NOT NULL,
  created_at INT64 NOT NULL,
  ends_at INT64 NOT NULL,
  UNIQUE (org_id, name)
) KEYED;
