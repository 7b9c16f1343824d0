-- Each row of the audit trail covers the one before it in its stream. Rows from before the chain have no place in one.
ALTER TABLE audit ADD COLUMN stream BIGINT;
ALTER TABLE audit ADD COLUMN seq BIGINT;
ALTER TABLE audit ADD COLUMN hash BYTEA;
CREATE UNIQUE INDEX audit_place ON audit (stream, seq);

-- Where each stream ends. Its row is locked by the transaction that writes to the stream.
CREATE TABLE audit_heads (
    stream BIGINT NOT NULL PRIMARY KEY,
    seq    BIGINT NOT NULL,
    hash   BYTEA  NOT NULL
);
