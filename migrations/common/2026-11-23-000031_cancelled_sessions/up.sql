-- Whom a cancelled or moved session touched, and whether they know.
CREATE TABLE session_notices (
    appointment_id TEXT      NOT NULL PRIMARY KEY REFERENCES appointments (id),
    session_id     TEXT      NOT NULL REFERENCES collection_sessions (id),
    -- The message, while it is kept.
    message_id     TEXT      NOT NULL,
    -- The appointment that is offered in its place.
    offer_id       TEXT      REFERENCES appointments (id),
    created_at     TIMESTAMP NOT NULL,
    -- When somebody of the station told them by telephone.
    called_at      TIMESTAMP,
    called_by      TEXT
);
CREATE INDEX session_notices_session ON session_notices (session_id);

-- What a member of staff forgave: misses before it do not count.
CREATE TABLE forgiven_misses (
    donor_id TEXT      NOT NULL PRIMARY KEY REFERENCES donors (id),
    at       TIMESTAMP NOT NULL,
    user_id  TEXT      NOT NULL
);
