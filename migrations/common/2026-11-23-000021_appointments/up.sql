-- Who comes when. A hold and a booking are one row in two states; `starts_at` and `product` are the slot's.
CREATE TABLE appointments (
    id              TEXT      NOT NULL PRIMARY KEY,
    slot_id         TEXT      NOT NULL REFERENCES slots (id),
    donor_id        TEXT      NOT NULL REFERENCES donors (id),
    account_id      TEXT      NOT NULL REFERENCES accounts (id),
    product         TEXT      NOT NULL,
    starts_at       TIMESTAMP NOT NULL,
    state           TEXT      NOT NULL CHECK (state IN ('held', 'booked', 'checked_in', 'donated', 'deferred', 'no_show',
                                                        'cancelled', 'rescheduled', 'expired')),
    hold_expires_at TIMESTAMP,
    renewals        BIGINT    NOT NULL,
    -- The rule pack that allowed it.
    rule_pack       TEXT      NOT NULL,
    -- Grows with each change: SEQUENCE of the calendar entry.
    sequence        BIGINT    NOT NULL,
    -- The sequence for which reminders were queued, or -1.
    reminded        BIGINT    NOT NULL,
    -- Whether the donor said again that they come.
    will_come       BOOLEAN   NOT NULL,
    -- The appointment that the station cancelled, and in whose place it offers this one.
    replaces        TEXT,
    created_at      TIMESTAMP NOT NULL,
    changed_at      TIMESTAMP NOT NULL
);
CREATE UNIQUE INDEX appointments_active ON appointments (donor_id, product) WHERE state IN ('held', 'booked', 'checked_in');
CREATE INDEX appointments_slot ON appointments (slot_id);
CREATE INDEX appointments_missed ON appointments (donor_id, starts_at) WHERE state = 'no_show';
CREATE INDEX appointments_account ON appointments (account_id);
CREATE INDEX appointments_to_remind ON appointments (id) WHERE reminded < sequence AND (state = 'booked' OR reminded >= 0);
CREATE INDEX appointments_holds ON appointments (hold_expires_at) WHERE state = 'held';

-- The first answer to a request with an Idempotency-Key.
CREATE TABLE idempotency_keys (
    key_hash     BYTEA     NOT NULL PRIMARY KEY,
    request_hash BYTEA     NOT NULL,
    answer       TEXT      NOT NULL,
    created_at   TIMESTAMP NOT NULL
);
CREATE INDEX idempotency_keys_created ON idempotency_keys (created_at);

-- What a station settles about booking. One row.
CREATE TABLE booking_policy (
    id                   BIGINT NOT NULL PRIMARY KEY CHECK (id = 1),
    -- How far ahead may be booked, days.
    window_days          BIGINT NOT NULL,
    -- How long before the start at the latest, minutes.
    notice_minutes       BIGINT NOT NULL,
    -- Until how long before the start one may cancel or move by oneself, minutes.
    cancel_until_minutes BIGINT NOT NULL,
    -- How long a hold lives, minutes, and how often it may be renewed.
    hold_minutes         BIGINT NOT NULL,
    hold_renewals        BIGINT NOT NULL,
    -- How long a place is held that the station offers for one that it cancelled, minutes.
    rebooking_hold_minutes BIGINT NOT NULL,
    -- Whoever did not come so often within so many days books for today and tomorrow only, for so many days.
    no_show_limit        BIGINT NOT NULL,
    no_show_days         BIGINT NOT NULL,
    limited_days         BIGINT NOT NULL,
    -- Grows with each change.
    version              BIGINT NOT NULL
);
INSERT INTO booking_policy VALUES (1, 14, 0, 60, 5, 1, 1440, 2, 180, 30, 1);
