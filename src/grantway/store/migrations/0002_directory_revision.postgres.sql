-- Serves releases from schema 1 on.
-- One value that changes whenever an org, a person, what gives them rights, an app or a policy changes: what was read
-- under a value holds as long as the value does (decision 6). Random, not counted: neither a rollback nor a standby that
-- takes over may ever give an old value another meaning.
CREATE TABLE directory_revision (
  id INT64 NOT NULL PRIMARY KEY CHECK (id = 1),
  revision TEXT NOT NULL
) KEYED;

INSERT INTO directory_revision (id, revision) VALUES (1, gen_random_uuid()::text);

CREATE FUNCTION directory_changed() RETURNS trigger LANGUAGE plpgsql AS
  'BEGIN UPDATE directory_revision SET revision = gen_random_uuid()::text; RETURN NULL; END';

-- Deferred: the one row that they all change is locked last, so that no two transactions wait for each other.

CREATE CONSTRAINT TRIGGER org_changes_directory AFTER INSERT OR UPDATE OR DELETE ON org DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW EXECUTE FUNCTION directory_changed();

CREATE CONSTRAINT TRIGGER profile_changes_directory AFTER INSERT OR UPDATE OR DELETE ON profile DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW EXECUTE FUNCTION directory_changed();

CREATE CONSTRAINT TRIGGER permission_set_changes_directory AFTER INSERT OR UPDATE OR DELETE ON permission_set DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW EXECUTE FUNCTION directory_changed();

CREATE CONSTRAINT TRIGGER person_changes_directory AFTER INSERT OR UPDATE OR DELETE ON person DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW EXECUTE FUNCTION directory_changed();

CREATE CONSTRAINT TRIGGER permission_set_assignment_changes_directory AFTER INSERT OR UPDATE OR DELETE ON permission_set_assignment DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW EXECUTE FUNCTION directory_changed();

CREATE CONSTRAINT TRIGGER app_changes_directory AFTER INSERT OR UPDATE OR DELETE ON app DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW EXECUTE FUNCTION directory_changed();

CREATE CONSTRAINT TRIGGER app_policy_changes_directory AFTER INSERT OR UPDATE OR DELETE ON app_policy DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW EXECUTE FUNCTION directory_changed();

-- What takes away all rows at once has no rows to be told of.

CREATE TRIGGER org_truncate_changes_directory AFTER TRUNCATE ON org FOR EACH STATEMENT EXECUTE FUNCTION directory_changed();

CREATE TRIGGER profile_truncate_changes_directory AFTER TRUNCATE ON profile FOR EACH STATEMENT EXECUTE FUNCTION directory_changed();

CREATE TRIGGER permission_set_truncate_changes_directory AFTER TRUNCATE ON permission_set FOR EACH STATEMENT EXECUTE FUNCTION directory_changed();

CREATE TRIGGER person_truncate_changes_directory AFTER TRUNCATE ON person FOR EACH STATEMENT EXECUTE FUNCTION directory_changed();

CREATE TRIGGER permission_set_assignment_truncate_changes_directory AFTER TRUNCATE ON permission_set_assignment FOR EACH STATEMENT EXECUTE FUNCTION directory_changed();

CREATE TRIGGER app_truncate_changes_directory AFTER TRUNCATE ON app FOR EACH STATEMENT EXECUTE FUNCTION directory_changed();

CREATE TRIGGER app_policy_truncate_changes_directory AFTER TRUNCATE ON app_policy FOR EACH STATEMENT EXECUTE FUNCTION directory_changed();
