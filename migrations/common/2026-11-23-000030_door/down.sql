DROP TABLE reactions;
DROP TABLE deferrals;
DROP TABLE screenings;
DROP TABLE visits;
