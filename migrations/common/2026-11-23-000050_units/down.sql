DROP TABLE unit_policy;
DROP TABLE unit_temperatures;
DROP TABLE unit_events;
DROP TABLE units;
