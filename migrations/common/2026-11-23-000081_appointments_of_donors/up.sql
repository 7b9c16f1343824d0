-- A donor's appointments, whatever their state: looked for at each booking. The partial indexes answer only queries that name
-- their states in so many words.
CREATE INDEX appointments_donor ON appointments (donor_id, starts_at);
DROP INDEX appointments_missed;
-- The few that are held among all that were ever at a slot: looked for at each booking.
CREATE INDEX appointments_held ON appointments (slot_id) WHERE state = 'held';
