-- Calendars of holidays, to which the windows of layers refer. One of url and ics is there.
CREATE TABLE holiday_calendar (
  id INTEGER PRIMARY KEY,
  org_id INTEGER NOT NULL,
  slug TEXT NOT NULL,
  name TEXT NOT NULL,
  time_zone TEXT NOT NULL,
  url TEXT,
  ics TEXT,
  fetched_at INTEGER,
  tried_at INTEGER,
  error TEXT,
  managed_by TEXT,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  version INTEGER NOT NULL
);
CREATE UNIQUE INDEX holiday_calendar_slug ON holiday_calendar (org_id, slug);

-- day: since 1970-01-01. What is past stays, also when its calendar is gone: schedules of that time named it.
CREATE TABLE holiday (
  calendar_id INTEGER NOT NULL,
  org_id INTEGER NOT NULL,
  day INTEGER NOT NULL,
  name TEXT NOT NULL
);
CREATE UNIQUE INDEX holiday_day ON holiday (calendar_id, day);

-- For its time its shifts stand in place of the layers. shifts: JSON.
CREATE TABLE schedule_block (
  id INTEGER PRIMARY KEY,
  org_id INTEGER NOT NULL,
  schedule_id INTEGER NOT NULL,
  name TEXT NOT NULL,
  starts_at INTEGER NOT NULL,
  ends_at INTEGER NOT NULL,
  shifts TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  version INTEGER NOT NULL
);
CREATE INDEX schedule_block_schedule ON schedule_block (schedule_id, ends_at);

-- Who was on call, as it was: written down before anything that decides it changes. user_ids: JSON, ids as numbers.
CREATE TABLE shift_record (
  id INTEGER PRIMARY KEY,
  org_id INTEGER NOT NULL,
  schedule_id INTEGER NOT NULL,
  starts_at INTEGER NOT NULL,
  ends_at INTEGER NOT NULL,
  user_ids TEXT NOT NULL
);
CREATE INDEX shift_record_ends ON shift_record (schedule_id, ends_at);
-- Until when it was written down; none: nothing yet, since the schedule was made.
ALTER TABLE schedule ADD COLUMN recorded_until INTEGER;
