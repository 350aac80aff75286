-- Which stretches with nobody are gaps: always, windows, best_effort.
ALTER TABLE schedule ADD COLUMN coverage TEXT NOT NULL DEFAULT 'always';

-- Gaps of the next days of which the owners have been told. open: it went on past what was looked at.
CREATE TABLE schedule_gap (
  id INTEGER PRIMARY KEY,
  org_id INTEGER NOT NULL,
  schedule_id INTEGER NOT NULL,
  starts_at INTEGER NOT NULL,
  ends_at INTEGER NOT NULL,
  open INTEGER NOT NULL,
  created_at INTEGER NOT NULL
);
CREATE INDEX schedule_gap_schedule ON schedule_gap (schedule_id, starts_at);
