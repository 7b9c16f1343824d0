-- One stream: SQLite has one writer.
INSERT INTO audit_heads (stream, seq, hash) VALUES (0, 0, zeroblob(32));

CREATE TRIGGER audit_heads_refuse_going_back BEFORE UPDATE ON audit_heads
WHEN NEW.stream <> OLD.stream OR NEW.seq <= OLD.seq
BEGIN
    SELECT RAISE(ABORT, 'heads of the audit trail only advance');
END;
CREATE TRIGGER audit_heads_refuse_delete BEFORE DELETE ON audit_heads
BEGIN
    SELECT RAISE(ABORT, 'heads of the audit trail only advance');
END;
