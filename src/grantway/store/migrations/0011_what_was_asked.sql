-- Serves releases from schema 1 on.
-- What a refused request sent, without its secrets: a JSON array of [where, name, value or null for what is hidden].
ALTER TABLE refusal ADD COLUMN received TEXT NOT NULL DEFAULT '';
