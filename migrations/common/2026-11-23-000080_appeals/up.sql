-- 应急招募: appeals to donors of some blood groups, whom they asked and whom they did not, to see what asking does.
CREATE TABLE appeals (
    id              TEXT      NOT NULL PRIMARY KEY,
    -- Exactly these: 'O-', or 'O-,B-'.
    blood_groups    TEXT      NOT NULL,
    product         TEXT      NOT NULL,
    -- Where to come; anywhere when there is none.
    site_code       TEXT      REFERENCES sites (code),
    -- Other sites so near are as good.
    within_km       BIGINT    NOT NULL,
    needed          BIGINT    NOT NULL,
    -- How many of a hundred are not asked.
    holdout_percent BIGINT    NOT NULL CHECK (holdout_percent BETWEEN 0 AND 50),
    created_by      TEXT      NOT NULL,
    created_at      TIMESTAMP NOT NULL,
    closes_at       TIMESTAMP NOT NULL,
    -- Since when enough have booked.
    met_at          TIMESTAMP,
    -- When somebody ended it before its time.
    closed_at       TIMESTAMP,
    -- How many waves were sent, and when the next one is.
    waves           BIGINT    NOT NULL,
    next_wave_at    TIMESTAMP NOT NULL,
    -- Grows whenever it stops or goes on: a message of an earlier version is pointless.
    version         BIGINT    NOT NULL
);
CREATE INDEX appeals_running ON appeals (closes_at) WHERE closed_at IS NULL;
CREATE INDEX appeals_site ON appeals (site_code);

CREATE TABLE appeal_recipients (
    id         TEXT      NOT NULL PRIMARY KEY,
    appeal_id  TEXT      NOT NULL REFERENCES appeals (id),
    account_id TEXT      NOT NULL REFERENCES accounts (id),
    -- The account's own person then.
    donor_id   TEXT      NOT NULL REFERENCES donors (id),
    -- Called off: the need was met before the message left.
    state      TEXT      NOT NULL CHECK (state IN ('asked', 'held_out', 'called_off')),
    wave       BIGINT    NOT NULL,
    -- When it was decided by lot.
    drawn_at   TIMESTAMP NOT NULL,
    UNIQUE (appeal_id, donor_id)
);
CREATE INDEX appeal_recipients_donor ON appeal_recipients (donor_id, drawn_at);
CREATE INDEX appeal_recipients_account ON appeal_recipients (account_id);

-- Who was told that they may give again: once a donation and product.
CREATE TABLE invitations_again (
    id          TEXT      NOT NULL PRIMARY KEY,
    account_id  TEXT      NOT NULL REFERENCES accounts (id),
    donor_id    TEXT      NOT NULL REFERENCES donors (id),
    -- The last one.
    donation_no TEXT      NOT NULL REFERENCES donations (donation_no),
    product     TEXT      NOT NULL,
    -- Since when, Asia/Shanghai.
    from_day    DATE      NOT NULL,
    queued_at   TIMESTAMP NOT NULL,
    UNIQUE (donation_no, product)
);
CREATE INDEX invitations_again_donor ON invitations_again (donor_id);
CREATE INDEX invitations_again_account ON invitations_again (account_id);

-- Who was told that a donation was used: once a donation.
CREATE TABLE used_notices (
    id          TEXT      NOT NULL PRIMARY KEY,
    account_id  TEXT      NOT NULL REFERENCES accounts (id),
    donation_no TEXT      NOT NULL UNIQUE REFERENCES donations (donation_no),
    queued_at   TIMESTAMP NOT NULL
);
CREATE INDEX used_notices_account ON used_notices (account_id);
CREATE INDEX units_used ON units (status_at) WHERE status = 'used';

-- What is done once a day, Asia/Shanghai, by whichever node is first.
CREATE TABLE daily_work (
    task    TEXT NOT NULL PRIMARY KEY,
    done_on DATE NOT NULL
);
INSERT INTO daily_work VALUES ('invite_again', '2000-01-01');
INSERT INTO daily_work VALUES ('tell_used', '2000-01-01');
