-- Serves releases from schema 1 on.
-- One value that changes whenever an org, a person, what gives them rights, an app or a policy changes: what was read
-- under a value holds as long as the value does (decision 6). Random, not counted: neither a rollback nor a standby that
-- takes over may ever give an old value another meaning.
CREATE TABLE directory_revision (
  id INT64 NOT NULL PRIMARY KEY CHECK (id = 1),
  revision TEXT NOT NULL
) KEYED;

INSERT INTO directory_revision (id, revision) VALUES (1, hex(randomblob(16)));

CREATE TRIGGER org_insert_changes_directory AFTER INSERT ON org BEGIN UPDATE directory_revision SET revision = hex(randomblob(16)); END;

CREATE TRIGGER org_update_changes_directory AFTER UPDATE ON org BEGIN UPDATE directory_revision SET revision = hex(randomblob(16)); END;

CREATE TRIGGER org_delete_changes_directory AFTER DELETE ON org BEGIN UPDATE directory_revision SET revision = hex(randomblob(16)); END;

CREATE TRIGGER profile_insert_changes_directory AFTER INSERT ON profile BEGIN UPDATE directory_revision SET revision = hex(randomblob(16)); END;

CREATE TRIGGER profile_update_changes_directory AFTER UPDATE ON profile BEGIN UPDATE directory_revision SET revision = hex(randomblob(16)); END;

CREATE TRIGGER profile_delete_changes_directory AFTER DELETE ON profile BEGIN UPDATE directory_revision SET revision = hex(randomblob(16)); END;

CREATE TRIGGER permission_set_insert_changes_directory AFTER INSERT ON permission_set BEGIN UPDATE directory_revision SET revision = hex(randomblob(16)); END;

CREATE TRIGGER permission_set_update_changes_directory AFTER UPDATE ON permission_set BEGIN UPDATE directory_revision SET revision = hex(randomblob(16)); END;

CREATE TRIGGER permission_set_delete_changes_directory AFTER DELETE ON permission_set BEGIN UPDATE directory_revision SET revision = hex(randomblob(16)); END;

CREATE TRIGGER person_insert_changes_directory AFTER INSERT ON person BEGIN UPDATE directory_revision SET revision = hex(randomblob(16)); END;

CREATE TRIGGER person_update_changes_directory AFTER UPDATE ON person BEGIN UPDATE directory_revision SET revision = hex(randomblob(16)); END;

CREATE TRIGGER person_delete_changes_directory AFTER DELETE ON person BEGIN UPDATE directory_revision SET revision = hex(randomblob(16)); END;

CREATE TRIGGER permission_set_assignment_insert_changes_directory AFTER INSERT ON permission_set_assignment BEGIN UPDATE directory_revision SET revision = hex(randomblob(16)); END;

CREATE TRIGGER permission_set_assignment_update_changes_directory AFTER UPDATE ON permission_set_assignment BEGIN UPDATE directory_revision SET revision = hex(randomblob(16)); END;

CREATE TRIGGER permission_set_assignment_delete_changes_directory AFTER DELETE ON permission_set_assignment BEGIN UPDATE directory_revision SET revision = hex(randomblob(16)); END;

CREATE TRIGGER app_insert_changes_directory AFTER INSERT ON app BEGIN UPDATE directory_revision SET revision = hex(randomblob(16)); END;

CREATE TRIGGER app_update_changes_directory AFTER UPDATE ON app BEGIN UPDATE directory_revision SET revision = hex(randomblob(16)); END;

CREATE TRIGGER app_delete_changes_directory AFTER DELETE ON app BEGIN UPDATE directory_revision SET revision = hex(randomblob(16)); END;

CREATE TRIGGER app_policy_insert_changes_directory AFTER INSERT ON app_policy BEGIN UPDATE directory_revision SET revision = hex(randomblob(16)); END;

CREATE TRIGGER app_policy_update_changes_directory AFTER UPDATE ON app_policy BEGIN UPDATE directory_revision SET revision = hex(randomblob(16)); END;

CREATE TRIGGER app_policy_delete_changes_directory AFTER DELETE ON app_policy BEGIN UPDATE directory_revision SET revision = hex(randomblob(16)); END;
