-- Serves releases from schema 1 on.
-- An org's own scopes, which its apps may ask for; which app may is a setting of the app.
CREATE TABLE custom_scope (
  id TEXT NOT NULL PRIMARY KEY,
  org_id TEXT NOT NULL REFERENCES org(id),
  name TEXT NOT NULL,
  label TEXT NOT NULL,
  description TEXT NOT NULL,
  is_public INT64 NOT NULL,
  metadata TEXT NOT NULL,
  version INT64 NOT NULL,
  created_at INT64 NOT NULL,
  UNIQUE (org_id, name)
) KEYED;

-- An org's own permissions. app_id: the one app that is told of it; empty where every app may be.
CREATE TABLE custom_permission (
  id TEXT NOT NULL PRIMARY KEY,
  org_id TEXT NOT NULL REFERENCES org(id),
  name TEXT NOT NULL,
  label TEXT NOT NULL,
  description TEXT NOT NULL,
  app_id TEXT NOT NULL,
  metadata TEXT NOT NULL,
  version INT64 NOT NULL,
  created_at INT64 NOT NULL,
  UNIQUE (org_id, name)
) KEYED;

-- Who gives it: the id of a profile or of a permission set.
CREATE TABLE custom_permission_holder (
  holder_id TEXT NOT NULL,
  permission_id TEXT NOT NULL REFERENCES custom_permission(id),
  PRIMARY KEY (holder_id, permission_id)
) KEYED;

CREATE INDEX custom_permission_holder_of_permission ON custom_permission_holder (permission_id);

CREATE CONSTRAINT TRIGGER custom_permission_changes_directory AFTER INSERT OR UPDATE OR DELETE ON custom_permission DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW EXECUTE FUNCTION directory_changed();

CREATE CONSTRAINT TRIGGER custom_permission_holder_changes_directory AFTER INSERT OR UPDATE OR DELETE ON custom_permission_holder DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW EXECUTE FUNCTION directory_changed();
