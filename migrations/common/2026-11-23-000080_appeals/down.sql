DROP TABLE daily_work;
DROP INDEX units_used;
DROP TABLE used_notices;
DROP TABLE invitations_again;
DROP TABLE appeal_recipients;
DROP TABLE appeals;
