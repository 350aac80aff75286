-- effective_from: since when the plan (time_zone, layers, skip_absent) is what it is; none: from the start.
ALTER TABLE schedule ADD COLUMN effective_from INTEGER;
ALTER TABLE schedule ADD COLUMN skip_absent INTEGER NOT NULL DEFAULT 0;

-- What is past is answered by the plan that held then. number: the schedule's version when it was written.
CREATE TABLE schedule_version (
  id INTEGER PRIMARY KEY,
  org_id INTEGER NOT NULL,
  schedule_id INTEGER NOT NULL,
  number INTEGER NOT NULL,
  effective_from INTEGER NOT NULL,
  actor TEXT NOT NULL,
  body TEXT NOT NULL
);
CREATE UNIQUE INDEX schedule_version_number ON schedule_version (schedule_id, number);
CREATE INDEX schedule_version_from ON schedule_version (schedule_id, effective_from);

-- Somebody is away. Schedules that skip_absent leave them out.
CREATE TABLE absence (
  id INTEGER PRIMARY KEY,
  org_id INTEGER NOT NULL,
  user_id INTEGER NOT NULL,
  starts_at INTEGER NOT NULL,
  ends_at INTEGER NOT NULL,
  reason TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  version INTEGER NOT NULL
);
CREATE INDEX absence_ends ON absence (org_id, ends_at);
CREATE INDEX absence_user ON absence (user_id, ends_at);
