DROP TRIGGER audit_heads_refuse_delete;
DROP TRIGGER audit_heads_refuse_going_back;
DELETE FROM audit_heads;
