-- Somebody asks for another person in their place. in_return: of a swap. override_ids: what taking it wrote.
CREATE TABLE cover_request (
  id INTEGER PRIMARY KEY,
  org_id INTEGER NOT NULL,
  schedule_id INTEGER NOT NULL,
  user_id INTEGER NOT NULL,
  starts_at INTEGER NOT NULL,
  ends_at INTEGER NOT NULL,
  asked_user_id INTEGER,
  in_return TEXT,
  message TEXT NOT NULL,
  status TEXT NOT NULL,
  taken_by TEXT,
  taken_at INTEGER,
  override_ids TEXT NOT NULL,
  absence_id TEXT,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  version INTEGER NOT NULL
);
CREATE INDEX cover_request_schedule ON cover_request (schedule_id, id);
CREATE INDEX cover_request_status ON cover_request (org_id, status, id);
CREATE INDEX cover_request_absence ON cover_request (org_id, absence_id, id);
CREATE INDEX cover_request_user ON cover_request (user_id, id);
