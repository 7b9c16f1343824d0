DROP INDEX appointments_held;
CREATE INDEX appointments_missed ON appointments (donor_id, starts_at) WHERE state = 'no_show';
DROP INDEX appointments_donor;
