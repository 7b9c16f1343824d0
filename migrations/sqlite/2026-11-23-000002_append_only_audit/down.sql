DROP TRIGGER audit_refuses_delete;
DROP TRIGGER audit_refuses_update;
