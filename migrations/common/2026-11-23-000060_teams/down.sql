DROP TABLE call_up_answers;
DROP TABLE call_ups;
DROP TABLE team_members;
DROP TABLE teams;
