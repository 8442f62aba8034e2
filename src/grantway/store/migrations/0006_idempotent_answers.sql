-- Serves releases from schema 1 on.
-- Answers of the admin API that are given again when a request with the same Idempotency-Key comes again. `id` is a
-- keyed hash of caller and key, `request` one of the whole request; the answer is sealed, for it may hold a secret.
CREATE TABLE idempotent_answer (
  id TEXT NOT NULL PRIMARY KEY,
  request BYTES NOT NULL,
  answer BYTES NOT NULL,
  created_at INT64 NOT NULL
) KEYED;

CREATE INDEX idempotent_answer_at ON idempotent_answer (created_at);
