-- Serves releases from schema 1 on.
-- The guest user of an org: nobody's account, as whom visitors act who have none. A token says which visitor it is for.
ALTER TABLE person ADD COLUMN is_guest INT64 NOT NULL DEFAULT 0;

ALTER TABLE access_token ADD COLUMN visitor TEXT NOT NULL DEFAULT '';
