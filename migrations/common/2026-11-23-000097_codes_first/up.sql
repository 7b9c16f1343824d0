-- Somebody waits for a code: codes are claimed by themselves, whatever else is due.
CREATE INDEX outbox_codes ON outbox (due_at) WHERE state = 'queued' AND kind = 'sign_in_code';
