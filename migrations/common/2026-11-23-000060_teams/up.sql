-- 应急献血队: donors who agreed to be called when their blood group is needed, and the calls.
CREATE TABLE teams (
    id         TEXT      NOT NULL PRIMARY KEY,
    name       TEXT      NOT NULL,
    created_by TEXT      NOT NULL,
    created_at TIMESTAMP NOT NULL,
    closed_at  TIMESTAMP,
    -- Grows with each change.
    version    BIGINT    NOT NULL
);

-- A membership is a consent: kept with its text's version after it ended.
CREATE TABLE team_members (
    id           TEXT      NOT NULL PRIMARY KEY,
    team_id      TEXT      NOT NULL REFERENCES teams (id),
    account_id   TEXT      NOT NULL REFERENCES accounts (id),
    -- The account's own person when it joined.
    donor_id     TEXT      NOT NULL REFERENCES donors (id),
    text_version TEXT      NOT NULL,
    joined_at    TIMESTAMP NOT NULL,
    left_at      TIMESTAMP
);
CREATE UNIQUE INDEX team_members_now ON team_members (team_id, account_id) WHERE left_at IS NULL;
CREATE INDEX team_members_account ON team_members (account_id);
CREATE INDEX team_members_donor ON team_members (donor_id);

CREATE TABLE call_ups (
    id           TEXT      NOT NULL PRIMARY KEY,
    team_id      TEXT      NOT NULL REFERENCES teams (id),
    -- Where to come, when it is known.
    session_id   TEXT      REFERENCES collection_sessions (id),
    -- Exactly these: 'O-', or 'O-,B-'.
    blood_groups TEXT      NOT NULL,
    product      TEXT      NOT NULL,
    needed       BIGINT    NOT NULL,
    -- How many said that they come.
    coming       BIGINT    NOT NULL,
    -- For colleagues; no donor reads it.
    note         TEXT,
    created_by   TEXT      NOT NULL,
    created_at   TIMESTAMP NOT NULL,
    closes_at    TIMESTAMP NOT NULL,
    closed_at    TIMESTAMP,
    -- Grows whenever it stops or goes on: a message of an earlier version is pointless.
    version      BIGINT    NOT NULL,
    CHECK (coming >= 0 AND coming <= needed)
);
CREATE INDEX call_ups_team ON call_ups (team_id);
CREATE INDEX call_ups_session ON call_ups (session_id);

CREATE TABLE call_up_answers (
    id          TEXT      NOT NULL PRIMARY KEY,
    call_up_id  TEXT      NOT NULL REFERENCES call_ups (id),
    account_id  TEXT      NOT NULL REFERENCES accounts (id),
    donor_id    TEXT      NOT NULL REFERENCES donors (id),
    state       TEXT      NOT NULL CHECK (state IN ('asked', 'coming', 'not_coming', 'withdrawn')),
    asked_at    TIMESTAMP NOT NULL,
    answered_at TIMESTAMP,
    UNIQUE (call_up_id, donor_id)
);
CREATE INDEX call_up_answers_account ON call_up_answers (account_id);
CREATE INDEX call_up_answers_donor ON call_up_answers (donor_id);
