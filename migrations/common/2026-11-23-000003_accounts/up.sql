-- Who signs in: donors' accounts, users of the station and of hospitals, hospitals' systems.
CREATE TABLE hospitals (
    code       TEXT      NOT NULL PRIMARY KEY,
    name       TEXT      NOT NULL,
    created_at TIMESTAMP NOT NULL
);

CREATE TABLE accounts (
    id            TEXT      NOT NULL PRIMARY KEY,
    phone_sealed  BYTEA,
    phone_index   BYTEA     UNIQUE,
    openid_sealed BYTEA,
    openid_index  BYTEA     UNIQUE,
    data_key_id   TEXT      NOT NULL,
    created_at    TIMESTAMP NOT NULL,
    erased_at     TIMESTAMP
);

-- Which donors' records an account sees: its own person's, and those of relatives who agreed.
CREATE TABLE account_donors (
    id         TEXT      NOT NULL PRIMARY KEY,
    account_id TEXT      NOT NULL REFERENCES accounts (id),
    donor_id   TEXT      NOT NULL REFERENCES donors (id),
    relation   TEXT      NOT NULL CHECK (relation IN ('self', 'family')),
    proof      TEXT      NOT NULL,
    since      TIMESTAMP NOT NULL,
    ended_at   TIMESTAMP
);
CREATE UNIQUE INDEX account_donors_pair ON account_donors (account_id, donor_id) WHERE ended_at IS NULL;
CREATE UNIQUE INDEX account_donors_self ON account_donors (account_id) WHERE relation = 'self' AND ended_at IS NULL;
CREATE UNIQUE INDEX account_donors_person ON account_donors (donor_id) WHERE relation = 'self' AND ended_at IS NULL;
CREATE INDEX account_donors_donor ON account_donors (donor_id);

-- A donor's word to a relative: whoever enters the code may see the donor's record.
CREATE TABLE sharing_codes (
    code_hash  BYTEA     NOT NULL PRIMARY KEY,
    donor_id   TEXT      NOT NULL REFERENCES donors (id),
    expires_at TIMESTAMP NOT NULL
);

CREATE TABLE users (
    id                    TEXT      NOT NULL PRIMARY KEY,
    user_name             TEXT      NOT NULL UNIQUE,
    display_name          TEXT      NOT NULL,
    role                  TEXT      NOT NULL,
    hospital_code         TEXT      REFERENCES hospitals (code),
    state                 TEXT      NOT NULL CHECK (state IN ('invited', 'active', 'disabled')),
    password_hash         TEXT,
    totp_sealed           BYTEA,
    totp_last_step        BIGINT    NOT NULL,
    data_key_id           TEXT      NOT NULL,
    invitation_hash       BYTEA     UNIQUE,
    invitation_expires_at TIMESTAMP,
    created_at            TIMESTAMP NOT NULL
);
CREATE INDEX users_hospital ON users (hospital_code);

CREATE TABLE clients (
    id            TEXT      NOT NULL PRIMARY KEY,
    hospital_code TEXT      NOT NULL REFERENCES hospitals (code),
    name          TEXT      NOT NULL,
    public_key    BYTEA,
    key_hash      BYTEA,
    created_at    TIMESTAMP NOT NULL,
    revoked_at    TIMESTAMP
);
CREATE INDEX clients_hospital ON clients (hospital_code);

-- Client assertions that were used, as long as they could be used again.
CREATE TABLE used_assertions (
    id         BYTEA     NOT NULL PRIMARY KEY,
    expires_at TIMESTAMP NOT NULL
);
CREATE INDEX used_assertions_expires ON used_assertions (expires_at);

-- One code a telephone number; a new one takes the old one's place, the lock-out stays.
CREATE TABLE sign_in_codes (
    phone_index BYTEA     NOT NULL PRIMARY KEY,
    code_hash   BYTEA     NOT NULL,
    attempts    BIGINT    NOT NULL,
    expires_at  TIMESTAMP NOT NULL
);

CREATE TABLE lockouts (
    subject        BYTEA     NOT NULL PRIMARY KEY,
    failures       BIGINT    NOT NULL,
    last_failed_at TIMESTAMP NOT NULL,
    locked_until   TIMESTAMP NOT NULL
);

-- A session is a family of refresh tokens; all their hashes are kept, so that a used one is recognised.
CREATE TABLE sessions (
    id            TEXT      NOT NULL PRIMARY KEY,
    subject_kind  TEXT      NOT NULL,
    subject_id    TEXT      NOT NULL,
    device        TEXT      NOT NULL,
    created_at    TIMESTAMP NOT NULL,
    last_used_at  TIMESTAMP NOT NULL,
    expires_at    TIMESTAMP NOT NULL,
    ended_at      TIMESTAMP,
    ended_because TEXT
);
CREATE INDEX sessions_subject ON sessions (subject_id);
CREATE INDEX sessions_expires ON sessions (expires_at);

CREATE TABLE refresh_tokens (
    token_hash BYTEA     NOT NULL PRIMARY KEY,
    session_id TEXT      NOT NULL REFERENCES sessions (id),
    used_at    TIMESTAMP
);
CREATE INDEX refresh_tokens_session ON refresh_tokens (session_id);

CREATE TABLE consents (
    id             TEXT      NOT NULL PRIMARY KEY,
    account_id     TEXT      NOT NULL REFERENCES accounts (id),
    purpose        TEXT      NOT NULL,
    text_version   TEXT      NOT NULL,
    given_at       TIMESTAMP NOT NULL,
    given_from     TEXT      NOT NULL,
    address_sealed BYTEA     NOT NULL,
    data_key_id    TEXT      NOT NULL,
    withdrawn_at   TIMESTAMP
);
CREATE UNIQUE INDEX consents_given ON consents (account_id, purpose) WHERE withdrawn_at IS NULL;

-- Two records of one person. What a merge moved is kept, so that it can be undone.
ALTER TABLE donors ADD COLUMN merged_into TEXT;
CREATE INDEX donors_merged_into ON donors (merged_into);
CREATE INDEX donors_birth_date ON donors (birth_date, name);

CREATE TABLE merges (
    id           TEXT      NOT NULL PRIMARY KEY,
    kept_id      TEXT      NOT NULL REFERENCES donors (id),
    duplicate_id TEXT      NOT NULL REFERENCES donors (id),
    reason       TEXT      NOT NULL,
    state        TEXT      NOT NULL CHECK (state IN ('proposed', 'refused', 'merged', 'unmerge_proposed', 'unmerged')),
    proposed_by  TEXT      NOT NULL,
    proposed_at  TIMESTAMP NOT NULL,
    decided_by   TEXT,
    decided_at   TIMESTAMP
);
CREATE UNIQUE INDEX merges_open ON merges (duplicate_id) WHERE state IN ('proposed', 'merged', 'unmerge_proposed');
CREATE INDEX merges_kept ON merges (kept_id);

CREATE TABLE merged_donations (
    merge_id    TEXT NOT NULL REFERENCES merges (id),
    donation_no TEXT NOT NULL REFERENCES donations (donation_no),
    PRIMARY KEY (merge_id, donation_no)
);

-- The links that a merge ended, and those that it made in their place.
CREATE TABLE merged_links (
    id          TEXT NOT NULL PRIMARY KEY,
    merge_id    TEXT NOT NULL REFERENCES merges (id),
    ended_link  TEXT NOT NULL REFERENCES account_donors (id),
    new_link    TEXT REFERENCES account_donors (id)
);
CREATE INDEX merged_links_merge ON merged_links (merge_id);

-- What is to be sent. A row is written in the transaction of what it tells, and delivered after it.
CREATE TABLE outbox (
    id               TEXT      NOT NULL PRIMARY KEY,
    kind             TEXT      NOT NULL,
    -- Whom it goes to: an account, at the number that it has by then, or what is sealed in the row.
    account_id       TEXT      REFERENCES accounts (id),
    recipient_sealed BYTEA     NOT NULL,
    -- What it says: about a subject as it stands at `version`, or what is sealed in the row.
    subject          TEXT,
    version          BIGINT    NOT NULL,
    content_sealed   BYTEA     NOT NULL,
    data_key_id      TEXT      NOT NULL,
    state            TEXT      NOT NULL,
    attempts         BIGINT    NOT NULL,
    due_at           TIMESTAMP NOT NULL,
    expires_at       TIMESTAMP NOT NULL,
    finished_at      TIMESTAMP
);
CREATE INDEX outbox_due ON outbox (due_at) WHERE state = 'queued';
CREATE INDEX outbox_subject ON outbox (subject);
CREATE INDEX outbox_account ON outbox (account_id);
