DROP TABLE questionnaires;
DROP TABLE questionnaire_drafts;
