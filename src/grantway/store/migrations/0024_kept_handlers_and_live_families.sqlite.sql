-- Serves releases from schema 1 on.
-- Handlers are kept in memory as the directory is: whatever changes one gives the directory another revision.
CREATE TRIGGER token_handler_insert_changes_directory AFTER INSERT ON token_handler BEGIN UPDATE directory_revision SET revision = hex(randomblob(16)); END;

CREATE TRIGGER token_handler_update_changes_directory AFTER UPDATE ON token_handler BEGIN UPDATE directory_revision SET revision = hex(randomblob(16)); END;

CREATE TRIGGER token_handler_delete_changes_directory AFTER DELETE ON token_handler BEGIN UPDATE directory_revision SET revision = hex(randomblob(16)); END;

CREATE TRIGGER token_handler_app_insert_changes_directory AFTER INSERT ON token_handler_app BEGIN UPDATE directory_revision SET revision = hex(randomblob(16)); END;

CREATE TRIGGER token_handler_app_update_changes_directory AFTER UPDATE ON token_handler_app BEGIN UPDATE directory_revision SET revision = hex(randomblob(16)); END;

CREATE TRIGGER token_handler_app_delete_changes_directory AFTER DELETE ON token_handler_app BEGIN UPDATE directory_revision SET revision = hex(randomblob(16)); END;

-- Each grant drops the sixth oldest of its user and app: it is found among the live ones alone.
CREATE INDEX token_family_live ON token_family (user_id, app_id, id) WHERE revoked_at IS NULL AND has_refresh = 1;
