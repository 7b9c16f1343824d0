-- The answer to a request of any kind, sealed: it may hold personal data. A row with neither this nor an `answer` says that the
-- request has written something, and no more.
ALTER TABLE idempotency_keys ADD COLUMN data_key_id TEXT;
ALTER TABLE idempotency_keys ADD COLUMN sealed BYTEA;
