-- Grows with each change.
ALTER TABLE unit_policy ADD COLUMN version BIGINT NOT NULL DEFAULT 1;
