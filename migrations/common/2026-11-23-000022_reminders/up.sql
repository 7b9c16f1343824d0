-- How long before an appointment its donor is reminded, minutes.
CREATE TABLE reminder_times (
    minutes_before BIGINT NOT NULL PRIMARY KEY CHECK (minutes_before > 0)
);
INSERT INTO reminder_times VALUES (4320), (1440), (120);

-- The address of an account's calendar: whoever knows it reads the appointments, and nothing else.
CREATE TABLE calendar_feeds (
    account_id TEXT      NOT NULL PRIMARY KEY REFERENCES accounts (id),
    token_hash BYTEA     NOT NULL UNIQUE,
    created_at TIMESTAMP NOT NULL
);
