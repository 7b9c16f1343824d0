ALTER TABLE message_preferences DROP COLUMN reminders;
