-- Serves releases from schema 1 on.
-- Handlers are kept in memory as the directory is: whatever changes one gives the directory another revision.
CREATE CONSTRAINT TRIGGER token_handler_changes_directory AFTER INSERT OR UPDATE OR DELETE ON token_handler DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW EXECUTE FUNCTION directory_changed();

CREATE CONSTRAINT TRIGGER token_handler_app_changes_directory AFTER INSERT OR UPDATE OR DELETE ON token_handler_app DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW EXECUTE FUNCTION directory_changed();

CREATE TRIGGER token_handler_truncate_changes_directory AFTER TRUNCATE ON token_handler FOR EACH STATEMENT EXECUTE FUNCTION directory_changed();

CREATE TRIGGER token_handler_app_truncate_changes_directory AFTER TRUNCATE ON token_handler_app FOR EACH STATEMENT EXECUTE FUNCTION directory_changed();

-- Each grant drops the sixth oldest of its user and app: it is found among the live ones alone.
CREATE INDEX token_family_live ON token_family (user_id, app_id, id) WHERE revoked_at IS NULL AND has_refresh = 1;
