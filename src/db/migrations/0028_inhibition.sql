-- Inhibition rules, and which open alerts are sources or targets of which (counted, never slotted): value is a hash of
-- the labels that must be equal. source: it matches; live: it counts as one (not suppressed). rank: 1 is loudest.
CREATE TABLE inhibition_rule (
  id INTEGER PRIMARY KEY,
  org_id INTEGER NOT NULL,
  slug TEXT NOT NULL,
  name TEXT NOT NULL,
  enabled INTEGER NOT NULL,
  source TEXT NOT NULL,
  target TEXT NOT NULL,
  "equal" TEXT NOT NULL,
  missing_equal INTEGER NOT NULL,
  scope TEXT NOT NULL,
  wait_s INTEGER,
  release_s INTEGER,
  managed_by TEXT,
  stamp INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  version INTEGER NOT NULL
);
CREATE UNIQUE INDEX inhibition_rule_slug ON inhibition_rule (org_id, slug);

CREATE TABLE inhibition_member (
  rule_id INTEGER NOT NULL,
  value INTEGER NOT NULL,
  alert_id INTEGER NOT NULL,
  org_id INTEGER NOT NULL,
  source INTEGER NOT NULL,
  live INTEGER NOT NULL,
  target INTEGER NOT NULL,
  rank INTEGER NOT NULL,
  PRIMARY KEY (rule_id, value, alert_id)
) WITHOUT ROWID;
CREATE INDEX inhibition_member_alert ON inhibition_member (alert_id);
