DROP TABLE forgiven_misses;
DROP TABLE session_notices;
