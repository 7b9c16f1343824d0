ALTER TABLE unit_policy DROP COLUMN version;
