-- Dead man's switches. key: of /hb/{key}. due_at: when the next ping is expected; late after it, down after the grace.
CREATE TABLE heartbeat (
  id INTEGER PRIMARY KEY,
  org_id INTEGER NOT NULL,
  slug TEXT NOT NULL,
  name TEXT NOT NULL,
  "key" TEXT NOT NULL UNIQUE,
  period_s INTEGER,
  cron TEXT,
  grace_s INTEGER NOT NULL,
  time_zone TEXT,
  service_id INTEGER,
  team_id INTEGER,
  priority INTEGER NOT NULL,
  auto_arm INTEGER NOT NULL,
  managed_by TEXT,
  state TEXT NOT NULL,
  state_at INTEGER,
  last_ping_at INTEGER,
  last_start_at INTEGER,
  last_exit_status INTEGER,
  last_message TEXT,
  due_at INTEGER,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  version INTEGER NOT NULL
);
CREATE UNIQUE INDEX heartbeat_slug ON heartbeat (org_id, slug);
