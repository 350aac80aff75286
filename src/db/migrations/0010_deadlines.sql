-- At which second somebody must look whether an alert's deadline has passed (the true one is on the alert).
CREATE TABLE alert_deadline (
  second INTEGER NOT NULL,
  alert_id INTEGER NOT NULL,
  org_id INTEGER NOT NULL,
  PRIMARY KEY (second, alert_id)
) WITHOUT ROWID;
