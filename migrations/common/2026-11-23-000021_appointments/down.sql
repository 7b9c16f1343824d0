DROP TABLE booking_policy;
DROP TABLE idempotency_keys;
DROP TABLE appointments;
