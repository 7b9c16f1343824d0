-- Which of the station's reminders somebody wants: minutes before an appointment with commas, '' for none; all when nothing was
-- chosen.
ALTER TABLE message_preferences ADD COLUMN reminders TEXT;
