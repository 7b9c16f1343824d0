-- Places that nobody can simply book: freed ones for those who wait, and those of groups.
ALTER TABLE slots ADD COLUMN kept BIGINT NOT NULL DEFAULT 0
    CONSTRAINT slots_kept CHECK (kept >= 0 AND held + booked + kept <= capacity);
-- The entry of the waitlist that a place was offered to, and the group whose place it is.
ALTER TABLE appointments ADD COLUMN waitlist_id TEXT;
ALTER TABLE appointments ADD COLUMN group_id TEXT;
CREATE INDEX appointments_group ON appointments (group_id) WHERE group_id IS NOT NULL;

-- An offer lives so long, or shorter when the start is near (minutes); so many passed over end the wait; and a freed place is
-- everybody's after a random time of at most so many minutes.
ALTER TABLE booking_policy ADD COLUMN offer_minutes BIGINT NOT NULL DEFAULT 30;
ALTER TABLE booking_policy ADD COLUMN offer_minutes_when_near BIGINT NOT NULL DEFAULT 10;
ALTER TABLE booking_policy ADD COLUMN near_minutes BIGINT NOT NULL DEFAULT 1440;
ALTER TABLE booking_policy ADD COLUMN offers_passed_over BIGINT NOT NULL DEFAULT 3;
ALTER TABLE booking_policy ADD COLUMN public_delay_minutes BIGINT NOT NULL DEFAULT 60;

-- What the station settles about messages: no one is woken. One row.
CREATE TABLE message_policy (
    id                   BIGINT NOT NULL PRIMARY KEY CHECK (id = 1),
    -- Minutes after midnight, Asia/Shanghai: quiet from … until the next day at …
    quiet_from_minute    BIGINT NOT NULL CHECK (quiet_from_minute BETWEEN 0 AND 1439),
    quiet_until_minute   BIGINT NOT NULL CHECK (quiet_until_minute BETWEEN 0 AND 1439),
    -- Grows with each change.
    version              BIGINT NOT NULL
);
INSERT INTO message_policy VALUES (1, 1260, 480, 1);

-- Who waits for a place at a site on some days.
CREATE TABLE waitlist (
    id          TEXT      NOT NULL PRIMARY KEY,
    donor_id    TEXT      NOT NULL REFERENCES donors (id),
    account_id  TEXT      NOT NULL REFERENCES accounts (id),
    product     TEXT      NOT NULL,
    site_code   TEXT      NOT NULL REFERENCES sites (code),
    -- Asia/Shanghai, both included.
    first_day   DATE      NOT NULL,
    last_day    DATE      NOT NULL,
    -- 0 for those who lost their place to the station, 1 for the others; within a class, who came first.
    class       BIGINT    NOT NULL,
    passed_over BIGINT    NOT NULL,
    state       TEXT      NOT NULL CHECK (state IN ('waiting', 'offered', 'placed', 'ended')),
    -- The appointment that was offered last.
    offer_id    TEXT,
    created_at  TIMESTAMP NOT NULL,
    changed_at  TIMESTAMP NOT NULL
);
CREATE UNIQUE INDEX waitlist_live ON waitlist (donor_id, product) WHERE state IN ('waiting', 'offered');
-- One live offer a donor, whatever they wait for.
CREATE UNIQUE INDEX waitlist_offered ON waitlist (donor_id) WHERE state = 'offered';
CREATE INDEX waitlist_waiting ON waitlist (site_code, product, class, created_at) WHERE state = 'waiting';
CREATE INDEX waitlist_account ON waitlist (account_id);

-- Freed places, each counted in its slot's `kept`, and from when they are everybody's if nobody waits.
CREATE TABLE kept_places (
    id        TEXT      NOT NULL PRIMARY KEY,
    slot_id   TEXT      NOT NULL REFERENCES slots (id),
    public_at TIMESTAMP NOT NULL
);
CREATE INDEX kept_places_slot ON kept_places (slot_id);

-- Organisations whose people give together (团体献血).
CREATE TABLE donor_groups (
    id             TEXT      NOT NULL PRIMARY KEY,
    name           TEXT      NOT NULL,
    session_id     TEXT      NOT NULL REFERENCES collection_sessions (id),
    product        TEXT      NOT NULL,
    -- SHA-256 of what members join by, and of what the organiser sees counts by.
    join_hash      BYTEA     NOT NULL UNIQUE,
    organiser_hash BYTEA     NOT NULL UNIQUE,
    -- When its unused places become everybody's.
    returns_at     TIMESTAMP NOT NULL,
    closed_at      TIMESTAMP,
    created_at     TIMESTAMP NOT NULL,
    version        BIGINT    NOT NULL
);
CREATE INDEX donor_groups_session ON donor_groups (session_id);

-- A group's places in a slot: those that are left are counted in the slot's `kept`.
CREATE TABLE group_blocks (
    group_id TEXT   NOT NULL REFERENCES donor_groups (id),
    slot_id  TEXT   NOT NULL REFERENCES slots (id),
    places   BIGINT NOT NULL CHECK (places > 0),
    unused   BIGINT NOT NULL CHECK (unused BETWEEN 0 AND places),
    PRIMARY KEY (group_id, slot_id)
);
CREATE INDEX group_blocks_slot ON group_blocks (slot_id);
