-- Calendars that programs subscribe to by a secret in their address, of which only the hash is kept.
CREATE TABLE calendar_feed (
  id INTEGER PRIMARY KEY,
  org_id INTEGER NOT NULL,
  user_id INTEGER NOT NULL,
  schedule_id INTEGER,
  alarm_minutes INTEGER,
  hash TEXT NOT NULL,
  hint TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  version INTEGER NOT NULL
);
CREATE INDEX calendar_feed_user ON calendar_feed (org_id, user_id);
CREATE UNIQUE INDEX calendar_feed_hash ON calendar_feed (hash);

-- When its shifts may have changed last: a write of it or of one of its overrides, also one that took something away.
ALTER TABLE schedule ADD COLUMN shifts_at INTEGER;
