-- Serves releases from schema 1 on.
-- Whom an org's identity provider means. It repeats the detail of that name, so that a user is found by it.
ALTER TABLE person ADD COLUMN federation_id TEXT NOT NULL DEFAULT '';

CREATE UNIQUE INDEX person_by_federation_id ON person (org_id, federation_id) WHERE federation_id <> '';
