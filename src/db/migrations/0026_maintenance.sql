-- Maintenance windows. starts_at and ends_at are the first occurrence; next_starts_at and next_ends_at the present or
-- next one, moved by a job. passed_at: the start of the last occurrence that is over. told_at: of the last occurrence
-- that was announced.
CREATE TABLE maintenance_window (
  id INTEGER PRIMARY KEY,
  org_id INTEGER NOT NULL,
  slug TEXT NOT NULL,
  name TEXT NOT NULL,
  team_id INTEGER,
  state TEXT NOT NULL,
  service_ids TEXT NOT NULL,
  integration_ids TEXT NOT NULL,
  matchers TEXT NOT NULL,
  starts_at INTEGER NOT NULL,
  ends_at INTEGER NOT NULL,
  rrule TEXT,
  time_zone TEXT NOT NULL,
  announce_before_s INTEGER NOT NULL,
  comment TEXT NOT NULL,
  created_by TEXT,
  ended_by TEXT,
  next_starts_at INTEGER,
  next_ends_at INTEGER,
  passed_at INTEGER,
  told_at INTEGER,
  managed_by TEXT,
  stamp INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  version INTEGER NOT NULL
);
CREATE UNIQUE INDEX maintenance_window_slug ON maintenance_window (org_id, slug);
CREATE INDEX maintenance_window_state ON maintenance_window (org_id, state, id);
