-- Whether the message to somebody who was asked can have reached them: who was not reached was not asked, when it is counted what
-- asking does. Kept here, for messages are forgotten.
ALTER TABLE appeal_recipients ADD COLUMN reached BOOLEAN NOT NULL DEFAULT TRUE;
