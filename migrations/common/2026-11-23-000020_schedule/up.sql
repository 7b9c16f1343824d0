-- Where and when blood can be given. A site is fixed, or a vehicle's place; a collection session is a site's opening on
-- a day; a slot is a start within it, for one product.
CREATE TABLE sites (
    code             TEXT   NOT NULL PRIMARY KEY,
    kind             TEXT   NOT NULL CHECK (kind IN ('fixed', 'mobile')),
    name             TEXT   NOT NULL,
    address          TEXT   NOT NULL,
    organisation     TEXT,
    -- Millionths of a degree, WGS 84.
    latitude_micros  BIGINT NOT NULL,
    longitude_micros BIGINT NOT NULL,
    closed           BOOLEAN NOT NULL,
    version          BIGINT NOT NULL
);

-- What a site does every week.
CREATE TABLE session_templates (
    id           TEXT      NOT NULL PRIMARY KEY,
    site_code    TEXT      NOT NULL REFERENCES sites (code),
    -- 1 is Monday.
    weekday      BIGINT    NOT NULL CHECK (weekday BETWEEN 1 AND 7),
    -- Minutes after midnight, Asia/Shanghai.
    opens_minute BIGINT    NOT NULL,
    closes_minute BIGINT   NOT NULL,
    on_holidays  BOOLEAN   NOT NULL,
    plan         TEXT      NOT NULL,
    valid_from   DATE      NOT NULL,
    valid_until  DATE,
    version      BIGINT    NOT NULL
);
CREATE INDEX session_templates_site ON session_templates (site_code);

-- Days off, and days on which people work although it is a weekend.
CREATE TABLE holidays (
    day    DATE    NOT NULL PRIMARY KEY,
    name   TEXT    NOT NULL,
    is_off BOOLEAN NOT NULL
);

CREATE TABLE collection_sessions (
    id         TEXT      NOT NULL PRIMARY KEY,
    site_code  TEXT      NOT NULL REFERENCES sites (code),
    day        DATE      NOT NULL,
    opens_at   TIMESTAMP NOT NULL,
    closes_at  TIMESTAMP NOT NULL,
    vehicle    TEXT,
    plan       TEXT      NOT NULL,
    -- When the places kept for walk-ins and groups become everybody's.
    release_at TIMESTAMP NOT NULL,
    state      TEXT      NOT NULL CHECK (state IN ('open', 'paused', 'cancelled')),
    reason     TEXT,
    template_id TEXT     REFERENCES session_templates (id),
    version    BIGINT    NOT NULL,
    UNIQUE (site_code, opens_at)
);
CREATE INDEX collection_sessions_day ON collection_sessions (day);

CREATE TABLE slots (
    id         TEXT      NOT NULL PRIMARY KEY,
    session_id TEXT      NOT NULL REFERENCES collection_sessions (id),
    product    TEXT      NOT NULL,
    starts_at  TIMESTAMP NOT NULL,
    capacity   BIGINT    NOT NULL,
    -- Kept for walk-ins and groups until the session's release.
    reserved   BIGINT    NOT NULL,
    held       BIGINT    NOT NULL,
    booked     BIGINT    NOT NULL,
    CHECK (held >= 0 AND booked >= 0 AND reserved >= 0 AND held + booked <= capacity),
    UNIQUE (session_id, product, starts_at)
);
CREATE INDEX slots_starts ON slots (product, starts_at);
