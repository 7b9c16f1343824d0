-- As many transactions as there are streams write to the trail without waiting for each other.
INSERT INTO audit_heads (stream, seq, hash)
    SELECT stream, 0, decode(repeat('00', 32), 'hex') FROM generate_series(0, 63) AS stream;

CREATE FUNCTION audit_heads_only_advance() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'UPDATE' OR NEW.stream <> OLD.stream OR NEW.seq <= OLD.seq THEN
        RAISE EXCEPTION 'heads of the audit trail only advance';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER audit_heads_refuse_going_back BEFORE UPDATE OR DELETE ON audit_heads
    FOR EACH ROW EXECUTE FUNCTION audit_heads_only_advance();
CREATE TRIGGER audit_heads_refuse_truncation BEFORE TRUNCATE ON audit_heads
    FOR EACH STATEMENT EXECUTE FUNCTION audit_heads_only_advance();
