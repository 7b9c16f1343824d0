-- Who works on a message: each claim has a number of its own (a fencing token) and ends by itself.
ALTER TABLE outbox ADD COLUMN fence BIGINT NOT NULL DEFAULT 0;
ALTER TABLE outbox ADD COLUMN lease_until TIMESTAMP;
-- The only channel that it may take (`email` for the letter beside an SMS), the one that has it, those that refused it for good.
ALTER TABLE outbox ADD COLUMN only_by TEXT;
ALTER TABLE outbox ADD COLUMN channel TEXT;
ALTER TABLE outbox ADD COLUMN refused_by TEXT NOT NULL DEFAULT '';
-- What receipts say.
ALTER TABLE outbox ADD COLUMN delivery TEXT NOT NULL DEFAULT 'unknown';
-- UTC: when a channel took it.
ALTER TABLE outbox ADD COLUMN sent_at TIMESTAMP;
CREATE INDEX outbox_leases ON outbox (lease_until) WHERE state = 'sending';
CREATE INDEX outbox_ambiguous ON outbox (due_at) WHERE state = 'ambiguous';

-- What each attempt came to.
CREATE TABLE message_attempts (
    message_id    TEXT      NOT NULL REFERENCES outbox (id),
    fence         BIGINT    NOT NULL,
    -- None when it ended before a channel was chosen.
    channel       TEXT,
    outcome       TEXT      NOT NULL,
    -- The provider's own code, where there is one.
    code          TEXT,
    -- The provider's number, and the keyed hash of the telephone number: receipts name both.
    provider_id   TEXT,
    contact_index BYTEA,
    ended_at      TIMESTAMP NOT NULL,
    PRIMARY KEY (message_id, fence)
);
CREATE INDEX message_attempts_provider ON message_attempts (provider_id) WHERE provider_id IS NOT NULL;

-- What providers told afterwards.
CREATE TABLE message_receipts (
    id         TEXT      NOT NULL PRIMARY KEY,
    message_id TEXT      NOT NULL REFERENCES outbox (id),
    outcome    TEXT      NOT NULL,
    code       TEXT,
    told_at    TIMESTAMP NOT NULL
);
CREATE INDEX message_receipts_message ON message_receipts (message_id);

-- Channels that are left alone for a while, because our account or set-up was refused.
CREATE TABLE channel_circuits (
    channel    TEXT      NOT NULL PRIMARY KEY,
    open_until TIMESTAMP NOT NULL,
    code       TEXT      NOT NULL
);

-- How somebody wants to be told.
CREATE TABLE message_preferences (
    account_id TEXT    NOT NULL PRIMARY KEY REFERENCES accounts (id),
    -- `sms`, `email`, `wechat`, with commas: the first that works.
    channels   TEXT    NOT NULL,
    -- Appointments go by letter, too, with a calendar entry.
    letters    BOOLEAN NOT NULL,
    -- `zh` or `en`.
    language   TEXT    NOT NULL,
    version    BIGINT  NOT NULL
);

-- Numbers that want no appeals and no news, whoever they belong to: the keyed hash.
CREATE TABLE opted_out (
    contact_index BYTEA     NOT NULL PRIMARY KEY,
    since         TIMESTAMP NOT NULL
);

-- At most so many appeals within so many days reach one account; so often a message is tried; an unknown fate is waited for so long.
ALTER TABLE message_policy ADD COLUMN appeals BIGINT NOT NULL DEFAULT 2;
ALTER TABLE message_policy ADD COLUMN appeals_days BIGINT NOT NULL DEFAULT 30;
ALTER TABLE message_policy ADD COLUMN attempts BIGINT NOT NULL DEFAULT 8;
ALTER TABLE message_policy ADD COLUMN unknown_minutes BIGINT NOT NULL DEFAULT 15;
