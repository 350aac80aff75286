-- Who may do what: roles that people make, who takes part in an incident (a private one is theirs to see), from where
-- something was changed, and every version of an alert rule.

CREATE TABLE role (
  id INTEGER PRIMARY KEY,
  org_id INTEGER NOT NULL,
  slug TEXT NOT NULL,
  name TEXT NOT NULL,
  permissions TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  version INTEGER NOT NULL
);
CREATE UNIQUE INDEX role_slug ON role (org_id, slug);

ALTER TABLE account ADD COLUMN role_id INTEGER;

CREATE TABLE incident_person (
  org_id INTEGER NOT NULL,
  incident_id INTEGER NOT NULL,
  user_id INTEGER NOT NULL,
  since INTEGER NOT NULL,
  PRIMARY KEY (incident_id, user_id)
);
CREATE INDEX incident_private ON incident (org_id, id) WHERE private = 1;

ALTER TABLE audit ADD COLUMN address TEXT;
ALTER TABLE audit ADD COLUMN via TEXT;

CREATE TABLE alert_rule_version (
  id INTEGER PRIMARY KEY,
  org_id INTEGER NOT NULL,
  rule_id INTEGER NOT NULL,
  number INTEGER NOT NULL,
  at INTEGER NOT NULL,
  actor TEXT NOT NULL,
  name TEXT NOT NULL,
  body TEXT NOT NULL
);
CREATE UNIQUE INDEX alert_rule_version_number ON alert_rule_version (rule_id, number);
