-- What is asked before a donation. Answers are sealed; they are for the donor and the doctor.

-- Answers on the way: one draft a donor, forgotten 30 days after the last change.
CREATE TABLE questionnaire_drafts (
    donor_id       TEXT      NOT NULL PRIMARY KEY REFERENCES donors (id),
    -- Id and version of the questionnaire that was answered.
    questionnaire  TEXT      NOT NULL,
    product        TEXT      NOT NULL,
    answers_sealed BYTEA     NOT NULL,
    data_key_id    TEXT      NOT NULL,
    version        BIGINT    NOT NULL,
    changed_at     TIMESTAMP NOT NULL
);
CREATE INDEX questionnaire_drafts_changed ON questionnaire_drafts (changed_at);

-- What was submitted, and what it came to.
CREATE TABLE questionnaires (
    id             TEXT      NOT NULL PRIMARY KEY,
    donor_id       TEXT      NOT NULL REFERENCES donors (id),
    questionnaire  TEXT      NOT NULL,
    product        TEXT      NOT NULL,
    answers_sealed BYTEA     NOT NULL,
    data_key_id    TEXT      NOT NULL,
    outcome        TEXT      NOT NULL CHECK (outcome IN ('no_known_reason', 'possible_deferral', 'ask_the_doctor')),
    deferred_until DATE,
    submitted_at   TIMESTAMP NOT NULL,
    -- The pass for the desk, as a keyed hash, and the day in China on which it is good.
    pass_hash      BYTEA     UNIQUE,
    pass_day       DATE,
    -- When the pass was first shown at the desk.
    shown_at       TIMESTAMP
);
CREATE INDEX questionnaires_donor ON questionnaires (donor_id);
CREATE INDEX questionnaires_pass_day ON questionnaires (pass_day);
