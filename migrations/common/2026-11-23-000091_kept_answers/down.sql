ALTER TABLE idempotency_keys DROP COLUMN sealed;
ALTER TABLE idempotency_keys DROP COLUMN data_key_id;
