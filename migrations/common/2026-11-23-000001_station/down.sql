DROP TABLE audit;
DROP TABLE certificate_statuses;
DROP TABLE certificates;
DROP TABLE status_lists;
DROP TABLE donor_totals;
DROP TABLE donations;
DROP TABLE donors;
DROP TABLE imports;
