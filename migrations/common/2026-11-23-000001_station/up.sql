-- The station's records: donors, their donations, and the totals that certificates certify.
CREATE TABLE imports (
    id          TEXT      NOT NULL PRIMARY KEY,
    started_at  TIMESTAMP NOT NULL,
    finished_at TIMESTAMP,
    summary     TEXT
);

CREATE TABLE donors (
    id               TEXT      NOT NULL PRIMARY KEY,
    donor_no         TEXT      NOT NULL UNIQUE,
    name             TEXT      NOT NULL,
    id_type          TEXT      NOT NULL,
    id_number_sealed BYTEA     NOT NULL,
    id_number_index  BYTEA     NOT NULL,
    phone_sealed     BYTEA,
    phone_index      BYTEA,
    email_sealed     BYTEA,
    email_index      BYTEA,
    data_key_id      TEXT      NOT NULL,
    sex              TEXT      NOT NULL,
    birth_date       DATE      NOT NULL,
    abo              TEXT,
    rh               TEXT,
    import_id        TEXT      NOT NULL REFERENCES imports (id)
);
CREATE INDEX donors_id_number_index ON donors (id_number_index);
CREATE INDEX donors_phone_index ON donors (phone_index);

CREATE TABLE donations (
    donation_no  TEXT      NOT NULL PRIMARY KEY,
    donor_id     TEXT      NOT NULL REFERENCES donors (id),
    collected_at TIMESTAMP NOT NULL,
    site_code    TEXT      NOT NULL,
    product      TEXT      NOT NULL,
    volume_ml    BIGINT    NOT NULL CHECK (volume_ml >= 0),
    units        BIGINT    NOT NULL CHECK (units >= 0),
    outcome      TEXT      NOT NULL,
    import_id    TEXT      NOT NULL REFERENCES imports (id)
);
CREATE INDEX donations_donor ON donations (donor_id);

CREATE TABLE donor_totals (
    donor_id                   TEXT   NOT NULL PRIMARY KEY REFERENCES donors (id),
    whole_blood_ml             BIGINT NOT NULL,
    donations                  BIGINT NOT NULL,
    platelet_units             BIGINT NOT NULL,
    platelet_units_before_2010 BIGINT NOT NULL,
    last_donated_on            DATE
);

-- Certificates: the row is written before the signature exists.
CREATE TABLE status_lists (
    id       TEXT   NOT NULL PRIMARY KEY,
    base_url TEXT   NOT NULL,
    seed     BYTEA  NOT NULL,
    size     BIGINT NOT NULL,
    taken    BIGINT NOT NULL CHECK (taken >= 0 AND taken <= size),
    version  BIGINT NOT NULL
);

CREATE TABLE certificates (
    certificate_no TEXT      NOT NULL PRIMARY KEY,
    cti            BYTEA     NOT NULL UNIQUE,
    donor_id       TEXT      NOT NULL REFERENCES donors (id),
    serial         TEXT      NOT NULL,
    version        BIGINT    NOT NULL,
    status_list_id TEXT      NOT NULL REFERENCES status_lists (id),
    status_index   BIGINT    NOT NULL,
    payload        BYTEA     NOT NULL,
    kid            TEXT      NOT NULL,
    issued_at      TIMESTAMP NOT NULL,
    expires_at     TIMESTAMP NOT NULL,
    signature      BYTEA,
    UNIQUE (donor_id, version),
    UNIQUE (status_list_id, status_index)
);

-- Only certificates that are not simply valid have a row here.
CREATE TABLE certificate_statuses (
    certificate_no TEXT      NOT NULL PRIMARY KEY REFERENCES certificates (certificate_no),
    status_list_id TEXT      NOT NULL REFERENCES status_lists (id),
    status_index   BIGINT    NOT NULL,
    status         TEXT      NOT NULL,
    reason         TEXT      NOT NULL,
    changed_at     TIMESTAMP NOT NULL,
    UNIQUE (status_list_id, status_index)
);

-- What was done, by whom, to what. Append-only: the backend's own migration refuses UPDATE and DELETE.
CREATE TABLE audit (
    id      TEXT      NOT NULL PRIMARY KEY,
    at      TIMESTAMP NOT NULL,
    actor   TEXT      NOT NULL,
    action  TEXT      NOT NULL,
    subject TEXT      NOT NULL,
    detail  TEXT      NOT NULL
);
CREATE INDEX audit_subject ON audit (subject, id);
