DROP TABLE slots;
DROP TABLE collection_sessions;
DROP TABLE holidays;
DROP TABLE session_templates;
DROP TABLE sites;
