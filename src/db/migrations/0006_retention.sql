-- What old rows leave behind, and how far the sweep of old rows has come.

-- An alert whose time is over: what its pages, notifications and explanations are about.
CREATE TABLE alert_record (
  id INTEGER PRIMARY KEY,
  org_id INTEGER NOT NULL,
  number INTEGER NOT NULL,
  title TEXT NOT NULL,
  dedup_key TEXT NOT NULL,
  status TEXT NOT NULL,
  incident_id INTEGER,
  team_id INTEGER,
  first_seen_at INTEGER NOT NULL,
  closed_at INTEGER NOT NULL,
  removed_at INTEGER NOT NULL
);
CREATE INDEX alert_record_number ON alert_record (org_id, number);

-- position: everything up to here was looked at; at: when the last pass ended.
CREATE TABLE sweep (
  org_id INTEGER NOT NULL,
  name TEXT NOT NULL,
  subject_id INTEGER NOT NULL,
  position INTEGER NOT NULL,
  at INTEGER NOT NULL,
  PRIMARY KEY (org_id, name, subject_id)
);

-- Resolves of keys that never fired: kept for as long as they can make a fire late.
CREATE INDEX alert_key_tombstone ON alert_key (ordered_at) WHERE alert_id IS NULL;
