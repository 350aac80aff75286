-- Silences. `state` is moved by a job at the start and the end; `stamp` names one writing of the row (what was compiled
-- of it is used as long as it is the same). held_at: when it last let an open alert go.
CREATE TABLE silence (
  id INTEGER PRIMARY KEY,
  org_id INTEGER NOT NULL,
  state TEXT NOT NULL,
  matchers TEXT NOT NULL,
  "when" TEXT,
  starts_at INTEGER NOT NULL,
  ends_at INTEGER,
  until_resolved INTEGER NOT NULL,
  expires_when_idle INTEGER NOT NULL,
  comment TEXT NOT NULL,
  integration_id INTEGER,
  created_by TEXT,
  ended_by TEXT,
  end_reason TEXT,
  stamp INTEGER NOT NULL,
  held_at INTEGER,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  version INTEGER NOT NULL
);
CREATE INDEX silence_state ON silence (org_id, state, id);
