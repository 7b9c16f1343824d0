DROP TABLE calendar_feeds;
DROP TABLE reminder_times;
