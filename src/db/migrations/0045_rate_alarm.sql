-- How many events that fire each integration sent in each hour (of the epoch), to learn what is usual; and those that send
-- far more than that now. alert_id: the alert that says so.
CREATE TABLE integration_hour (
  integration_id INTEGER NOT NULL,
  hour INTEGER NOT NULL,
  org_id INTEGER NOT NULL,
  count INTEGER NOT NULL,
  PRIMARY KEY (integration_id, hour)
);
CREATE INDEX integration_hour_hour ON integration_hour (hour);
CREATE TABLE rate_alarm (
  integration_id INTEGER PRIMARY KEY,
  org_id INTEGER NOT NULL,
  alert_id INTEGER NOT NULL,
  since_at INTEGER NOT NULL
);
ALTER TABLE integration ADD COLUMN rate_alarm_times INTEGER NOT NULL DEFAULT 10;
ALTER TABLE integration ADD COLUMN rate_alarm_min INTEGER NOT NULL DEFAULT 100;
