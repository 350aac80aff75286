-- What people put right in a timeline, and what stood there before.
ALTER TABLE timeline ADD COLUMN edited_at INTEGER;
CREATE TABLE timeline_edit (
  id INTEGER PRIMARY KEY,
  org_id INTEGER NOT NULL,
  entry_id INTEGER NOT NULL,
  edited_at INTEGER NOT NULL,
  actor TEXT NOT NULL,
  reason TEXT,
  at INTEGER NOT NULL,
  data TEXT NOT NULL,
  key_event INTEGER NOT NULL
);
CREATE INDEX timeline_edit_entry ON timeline_edit (entry_id, id);
