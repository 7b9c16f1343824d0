ALTER TABLE appeal_recipients DROP COLUMN reached;
