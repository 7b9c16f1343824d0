-- Who is at the door, or has a ticket to come: from the queue to what came of it.
CREATE TABLE visits (
    id             TEXT      NOT NULL PRIMARY KEY,
    session_id     TEXT      NOT NULL REFERENCES collection_sessions (id),
    donor_id       TEXT      NOT NULL REFERENCES donors (id),
    -- NULL for walk-ins.
    appointment_id TEXT      REFERENCES appointments (id),
    -- The account that took a ticket from afar.
    account_id     TEXT      REFERENCES accounts (id),
    product        TEXT      NOT NULL,
    -- The ticket's number within the session.
    number         BIGINT    NOT NULL,
    -- Whose turn it is: an appointment's start, or when the ticket was taken.
    turn_at        TIMESTAMP NOT NULL,
    state          TEXT      NOT NULL CHECK (state IN ('ticket', 'waiting', 'screened', 'donated', 'deferred', 'left')),
    created_at     TIMESTAMP NOT NULL,
    changed_at     TIMESTAMP NOT NULL,
    UNIQUE (session_id, number)
);
CREATE UNIQUE INDEX visits_active ON visits (donor_id) WHERE state IN ('ticket', 'waiting', 'screened');
CREATE INDEX visits_appointment ON visits (appointment_id);

-- What was measured, sealed: health data.
CREATE TABLE screenings (
    id              TEXT      NOT NULL PRIMARY KEY,
    visit_id        TEXT      NOT NULL REFERENCES visits (id),
    measured_sealed BYTEA     NOT NULL,
    data_key_id     TEXT      NOT NULL,
    passed          BOOLEAN   NOT NULL,
    at              TIMESTAMP NOT NULL,
    user_id         TEXT      NOT NULL
);
CREATE INDEX screenings_visit ON screenings (visit_id);

-- 暂缓献血: a donor was asked to wait.
CREATE TABLE deferrals (
    id         TEXT      NOT NULL PRIMARY KEY,
    donor_id   TEXT      NOT NULL REFERENCES donors (id),
    visit_id   TEXT      REFERENCES visits (id),
    -- A word of the rule, never a diagnosis.
    rule       TEXT      NOT NULL,
    -- The first day on which it does not block any more; NULL is for good.
    until      DATE,
    created_at TIMESTAMP NOT NULL,
    user_id    TEXT      NOT NULL,
    lifted_at  TIMESTAMP,
    lifted_by  TEXT
);
CREATE INDEX deferrals_donor ON deferrals (donor_id) WHERE lifted_at IS NULL;

-- 献血不良反应: adverse reactions, and that somebody asked how the donor is.
CREATE TABLE reactions (
    id             TEXT      NOT NULL PRIMARY KEY,
    donor_id       TEXT      NOT NULL REFERENCES donors (id),
    donation_no    TEXT      NOT NULL REFERENCES donations (donation_no),
    severity       TEXT      NOT NULL CHECK (severity IN ('mild', 'moderate', 'severe')),
    note_sealed    BYTEA     NOT NULL,
    data_key_id    TEXT      NOT NULL,
    created_at     TIMESTAMP NOT NULL,
    user_id        TEXT      NOT NULL,
    follow_up_on   DATE      NOT NULL,
    followed_up_at TIMESTAMP,
    followed_up_by TEXT,
    outcome        TEXT
);
CREATE INDEX reactions_donor ON reactions (donor_id);
CREATE INDEX reactions_open ON reactions (follow_up_on) WHERE followed_up_at IS NULL;
