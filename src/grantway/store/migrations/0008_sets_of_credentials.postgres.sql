-- Serves releases from schema 1 on.
-- An external client app may have several pairs beside its current one: one that is staged, and those that were
-- replaced in the last 30 days. So a pair is named by its key, no longer by app and state.
ALTER TABLE app_credential DROP CONSTRAINT app_credential_pkey;

ALTER TABLE app_credential DROP CONSTRAINT app_credential_consumer_key_key;

ALTER TABLE app_credential ADD PRIMARY KEY (consumer_key);

CREATE INDEX app_credential_of_app ON app_credential (app_id);
