DROP TABLE audit_heads;
DROP INDEX audit_place;
ALTER TABLE audit DROP COLUMN hash;
ALTER TABLE audit DROP COLUMN seq;
ALTER TABLE audit DROP COLUMN stream;
