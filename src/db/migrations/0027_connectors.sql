-- An account at a provider of messages: which channel of the catalog, with which settings, in which order.
CREATE TABLE connector (
  id INTEGER PRIMARY KEY,
  org_id INTEGER NOT NULL,
  slug TEXT NOT NULL,
  name TEXT NOT NULL,
  channel TEXT NOT NULL,
  settings TEXT NOT NULL,
  secret TEXT,
  position INTEGER NOT NULL,
  enabled INTEGER NOT NULL,
  managed_by TEXT,
  state TEXT NOT NULL,
  state_reason TEXT,
  state_at INTEGER,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  version INTEGER NOT NULL
);
CREATE UNIQUE INDEX connector_slug ON connector (org_id, slug);
-- By which provider; the message that carried it with others; what a message says that is about no page.
ALTER TABLE notification ADD COLUMN connector_id INTEGER;
ALTER TABLE notification ADD COLUMN bundle_id INTEGER;
ALTER TABLE notification ADD COLUMN title TEXT;
ALTER TABLE notification ADD COLUMN text TEXT;
CREATE INDEX notification_contact ON notification (contact_method_id, id);
CREATE INDEX notification_bundle ON notification (bundle_id) WHERE bundle_id IS NOT NULL;
-- When messages of low urgency wait: windows of the person's week.
ALTER TABLE account ADD COLUMN quiet_hours TEXT;
