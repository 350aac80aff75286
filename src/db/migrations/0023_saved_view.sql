-- Filters of lists that people keep under a name.
CREATE TABLE saved_view (
  id INTEGER PRIMARY KEY,
  org_id INTEGER NOT NULL,
  user_id INTEGER NOT NULL,
  name TEXT NOT NULL,
  screen TEXT NOT NULL,
  search TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  version INTEGER NOT NULL
);
CREATE INDEX saved_view_user ON saved_view (org_id, user_id);
