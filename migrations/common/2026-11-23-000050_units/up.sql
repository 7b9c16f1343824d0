-- What donations became: units, and what the station's system told of each.

CREATE TABLE units (
    unit_no       TEXT      NOT NULL PRIMARY KEY,
    donation_no   TEXT      NOT NULL REFERENCES donations (donation_no),
    component     TEXT      NOT NULL CHECK (component IN ('red_cells', 'plasma', 'platelets', 'cryoprecipitate', 'whole_blood')),
    -- What its events come to.
    status        TEXT      NOT NULL,
    status_at     TIMESTAMP NOT NULL,
    hospital_code TEXT,
    -- The import that wrote donation and component last.
    import_id     TEXT      NOT NULL REFERENCES imports (id)
);
CREATE INDEX units_donation ON units (donation_no);

-- Everything that was told, in whatever order; what a later import corrected stays, and counts no more.
CREATE TABLE unit_events (
    unit_no       TEXT      NOT NULL REFERENCES units (unit_no),
    at            TIMESTAMP NOT NULL,
    import_id     TEXT      NOT NULL REFERENCES imports (id),
    status        TEXT      NOT NULL CHECK (status IN ('collected', 'tested', 'stored', 'issued', 'used', 'discarded', 'reactive')),
    hospital_code TEXT,
    corrected_by  TEXT      REFERENCES imports (id),
    PRIMARY KEY (unit_no, at, import_id)
);

-- Readings of the cold chain, tenths of a degree Celsius.
CREATE TABLE unit_temperatures (
    unit_no   TEXT      NOT NULL REFERENCES units (unit_no),
    at        TIMESTAMP NOT NULL,
    tenths    BIGINT    NOT NULL CHECK (tenths BETWEEN -1000 AND 1000),
    import_id TEXT      NOT NULL REFERENCES imports (id),
    PRIMARY KEY (unit_no, at)
);

-- How long after it happened a donor is shown what became of a donation, days.
CREATE TABLE unit_policy (
    id         BIGINT NOT NULL PRIMARY KEY CHECK (id = 1),
    delay_days BIGINT NOT NULL CHECK (delay_days BETWEEN 0 AND 3650)
);
INSERT INTO unit_policy VALUES (1, 7);
