DROP TRIGGER audit_heads_refuse_truncation ON audit_heads;
DROP TRIGGER audit_heads_refuse_going_back ON audit_heads;
DROP FUNCTION audit_heads_only_advance();
TRUNCATE audit_heads;
