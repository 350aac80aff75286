-- The first schema. Times are integer milliseconds since the epoch, ids are made by us, nested values are JSON text.
-- INTEGER PRIMARY KEY is SQLite's rowid itself (one tree less to write); PostgreSQL's migration reads it as BIGINT.
-- Columns of what people configure are named as the fields of the resource (its field table is the contract).
-- No index holds a column that changes on each repeat of an alert; indexes over what is open are partial.

CREATE TABLE meta (
  name TEXT PRIMARY KEY,
  value TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE counter (
  org_id BIGINT NOT NULL,
  name TEXT NOT NULL,
  value BIGINT NOT NULL,
  PRIMARY KEY (org_id, name)
) WITHOUT ROWID;

-- What people set up ------------------------------------------------------------------------------------------------

CREATE TABLE organization (
  id INTEGER PRIMARY KEY,
  slug TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  time_zone TEXT NOT NULL,
  policy_id BIGINT,
  severity_labels TEXT,
  status_labels TEXT,
  retention TEXT,
  defaults TEXT,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  version BIGINT NOT NULL
);

CREATE TABLE account (
  id INTEGER PRIMARY KEY,
  org_id BIGINT NOT NULL,
  name TEXT NOT NULL,
  email TEXT NOT NULL,
  role TEXT NOT NULL,
  status TEXT NOT NULL,
  time_zone TEXT,
  locale TEXT,
  password_hash TEXT,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  version BIGINT NOT NULL
);
CREATE UNIQUE INDEX account_email ON account (org_id, email);

CREATE TABLE contact_method (
  id INTEGER PRIMARY KEY,
  org_id BIGINT NOT NULL,
  user_id BIGINT NOT NULL,
  kind TEXT NOT NULL,
  address TEXT NOT NULL,
  label TEXT,
  verified BOOLEAN NOT NULL,
  broken TEXT,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  version BIGINT NOT NULL
);
CREATE INDEX contact_method_user ON contact_method (org_id, user_id);

CREATE TABLE notification_rule (
  id INTEGER PRIMARY KEY,
  org_id BIGINT NOT NULL,
  user_id BIGINT NOT NULL,
  urgency TEXT NOT NULL,
  steps TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  version BIGINT NOT NULL
);
CREATE UNIQUE INDEX notification_rule_user ON notification_rule (org_id, user_id, urgency);

CREATE TABLE team (
  id INTEGER PRIMARY KEY,
  org_id BIGINT NOT NULL,
  slug TEXT NOT NULL,
  name TEXT NOT NULL,
  members TEXT NOT NULL,
  policy_id BIGINT,
  time_zone TEXT,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  version BIGINT NOT NULL
);
CREATE UNIQUE INDEX team_slug ON team (org_id, slug);

CREATE TABLE service (
  id INTEGER PRIMARY KEY,
  org_id BIGINT NOT NULL,
  slug TEXT NOT NULL,
  name TEXT NOT NULL,
  aliases TEXT NOT NULL,
  tier TEXT NOT NULL,
  team_id BIGINT,
  policy_id BIGINT,
  labels TEXT NOT NULL,
  depends_on TEXT NOT NULL,
  failure_severity BIGINT,
  urgency TEXT,
  repository TEXT,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  version BIGINT NOT NULL
);
CREATE UNIQUE INDEX service_slug ON service (org_id, slug);

CREATE TABLE schedule (
  id INTEGER PRIMARY KEY,
  org_id BIGINT NOT NULL,
  slug TEXT NOT NULL,
  name TEXT NOT NULL,
  team_id BIGINT,
  time_zone TEXT NOT NULL,
  layers TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  version BIGINT NOT NULL
);
CREATE UNIQUE INDEX schedule_slug ON schedule (org_id, slug);

CREATE TABLE schedule_override (
  id INTEGER PRIMARY KEY,
  org_id BIGINT NOT NULL,
  schedule_id BIGINT NOT NULL,
  user_id BIGINT NOT NULL,
  replaces_user_id BIGINT,
  kind TEXT NOT NULL,
  starts_at BIGINT NOT NULL,
  ends_at BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  version BIGINT NOT NULL
);
CREATE INDEX schedule_override_schedule ON schedule_override (schedule_id, ends_at);

CREATE TABLE escalation_policy (
  id INTEGER PRIMARY KEY,
  org_id BIGINT NOT NULL,
  slug TEXT NOT NULL,
  name TEXT NOT NULL,
  team_id BIGINT,
  levels TEXT NOT NULL,
  "repeat" BIGINT NOT NULL,
  exhausted TEXT NOT NULL,
  ack_timeout_s BIGINT,
  urgency TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  version BIGINT NOT NULL
);
CREATE UNIQUE INDEX escalation_policy_slug ON escalation_policy (org_id, slug);

CREATE TABLE integration (
  id INTEGER PRIMARY KEY,
  org_id BIGINT NOT NULL,
  slug TEXT NOT NULL,
  name TEXT NOT NULL,
  template TEXT NOT NULL,
  "key" TEXT NOT NULL UNIQUE,
  enabled BOOLEAN NOT NULL,
  quiet BOOLEAN NOT NULL,
  team_id BIGINT,
  service_id BIGINT,
  policy_id BIGINT,
  default_priority TEXT,
  secret TEXT,
  dedup_scope TEXT NOT NULL,
  reopen_window_s BIGINT,
  resolve_after_s BIGINT,
  late_window_s BIGINT,
  flap_count BIGINT,
  flap_window_s BIGINT,
  flap_quiet_s BIGINT,
  overrides TEXT NOT NULL,
  filter TEXT,
  time_zone TEXT,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  version BIGINT NOT NULL
);
CREATE UNIQUE INDEX integration_slug ON integration (org_id, slug);

CREATE TABLE alert_rule (
  id INTEGER PRIMARY KEY,
  org_id BIGINT NOT NULL,
  slug TEXT NOT NULL,
  name TEXT NOT NULL,
  team_id BIGINT,
  integration_ids TEXT NOT NULL,
  position BIGINT NOT NULL,
  enabled BOOLEAN NOT NULL,
  "when" TEXT,
  conditions TEXT NOT NULL,
  "match" TEXT NOT NULL,
  actions TEXT NOT NULL,
  stop BOOLEAN NOT NULL,
  active_times TEXT,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  version BIGINT NOT NULL
);
CREATE UNIQUE INDEX alert_rule_slug ON alert_rule (org_id, slug);

CREATE TABLE api_key (
  id INTEGER PRIMARY KEY,
  org_id BIGINT NOT NULL,
  name TEXT NOT NULL,
  hash TEXT NOT NULL UNIQUE,
  hint TEXT NOT NULL,
  scopes TEXT NOT NULL,
  user_id BIGINT,
  expires_at BIGINT,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  version BIGINT NOT NULL
);

-- Every reference inside a row: checks the organization, refuses deletes that would break it.
CREATE TABLE ref (
  org_id BIGINT NOT NULL,
  owner_kind TEXT NOT NULL,
  owner_id BIGINT NOT NULL,
  path TEXT NOT NULL,
  target_kind TEXT NOT NULL,
  target_id BIGINT NOT NULL,
  PRIMARY KEY (owner_kind, owner_id, path)
) WITHOUT ROWID;
CREATE INDEX ref_target ON ref (target_kind, target_id);

-- What arrives ------------------------------------------------------------------------------------------------------

-- One row a request; state 0 applied, 1 pending (events holds what is to be applied), 2 parked.
CREATE TABLE inbox (
  id INTEGER PRIMARY KEY,
  org_id BIGINT NOT NULL,
  integration_id BIGINT NOT NULL,
  received_at BIGINT NOT NULL,
  state BIGINT NOT NULL,
  tries BIGINT NOT NULL,
  method TEXT NOT NULL,
  headers TEXT NOT NULL,
  body BLOB,
  body_bytes BIGINT NOT NULL,
  outcome TEXT NOT NULL,
  errors TEXT,
  events BLOB,
  alert_ids TEXT,
  change_ids TEXT
);
CREATE INDEX inbox_pending ON inbox (integration_id, id) WHERE state = 1;
CREATE INDEX inbox_log ON inbox (integration_id, id);
CREATE INDEX inbox_bad ON inbox (org_id, id) WHERE outcome IN ('failed', 'rejected', 'unmapped', 'partial');

CREATE TABLE idempotency (
  org_id BIGINT NOT NULL,
  scope TEXT NOT NULL,
  "key" TEXT NOT NULL,
  request_hash TEXT,
  status BIGINT NOT NULL,
  answer TEXT NOT NULL,
  expires_at BIGINT NOT NULL,
  PRIMARY KEY (org_id, scope, "key")
) WITHOUT ROWID;
CREATE INDEX idempotency_expiry ON idempotency (expires_at);

-- Alerts ------------------------------------------------------------------------------------------------------------

-- The lasting row of a key. space: the integration's id, or 0 for the organization's shared space.
CREATE TABLE alert_key (
  org_id BIGINT NOT NULL,
  space BIGINT NOT NULL,
  "key" TEXT NOT NULL,
  alert_id BIGINT,
  resolve_t BIGINT,
  resolve_at BIGINT,
  fire_t BIGINT,
  ordered_at BIGINT NOT NULL,
  ordered_by BIGINT NOT NULL,
  PRIMARY KEY (org_id, space, "key")
) WITHOUT ROWID;

CREATE TABLE alert (
  id INTEGER PRIMARY KEY,
  org_id BIGINT NOT NULL,
  number BIGINT NOT NULL,
  integration_id BIGINT,
  space BIGINT NOT NULL,
  dedup_key TEXT NOT NULL,
  title TEXT NOT NULL,
  description TEXT,
  status TEXT NOT NULL,
  priority BIGINT NOT NULL,
  source_priority TEXT,
  service_id BIGINT,
  team_id BIGINT,
  source TEXT,
  labels TEXT NOT NULL,
  links TEXT,
  images TEXT,
  count BIGINT NOT NULL,
  starts_at BIGINT,
  ends_at BIGINT,
  first_seen_at BIGINT NOT NULL,
  last_seen_at BIGINT NOT NULL,
  status_changed_at BIGINT NOT NULL,
  acknowledged_at BIGINT,
  acknowledged_by TEXT,
  resolved_at BIGINT,
  resolved_by TEXT,
  snoozed_until BIGINT,
  episode BIGINT NOT NULL,
  page_start BIGINT NOT NULL,
  holds BIGINT NOT NULL,
  hold_list TEXT,
  unrouted BOOLEAN NOT NULL,
  previous_alert_id BIGINT,
  incident_id BIGINT,
  deadline_at BIGINT,
  policy_id BIGINT,
  truncated BOOLEAN NOT NULL,
  skew_ms BIGINT,
  threshold TEXT,
  source_hash BIGINT NOT NULL,
  source_rank BIGINT NOT NULL,
  explanations BIGINT NOT NULL,
  occurrences BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  version BIGINT NOT NULL
);
CREATE INDEX alert_number ON alert (org_id, number);
CREATE INDEX alert_status_changed ON alert (org_id, status_changed_at, id);
CREATE INDEX alert_open ON alert (org_id, priority, id) WHERE status IN ('triggered', 'acknowledged');
CREATE INDEX alert_incident ON alert (incident_id) WHERE incident_id IS NOT NULL;
CREATE INDEX alert_held ON alert (org_id, id) WHERE holds > 0;

-- first 500 and last 500 of an alert: slot is n below 500, else 500 + n % 500
CREATE TABLE occurrence (
  alert_id BIGINT NOT NULL,
  slot BIGINT NOT NULL,
  n BIGINT NOT NULL,
  received_at BIGINT NOT NULL,
  occurred_at BIGINT,
  request_id BIGINT NOT NULL,
  element BIGINT NOT NULL,
  status TEXT NOT NULL,
  late BOOLEAN NOT NULL,
  PRIMARY KEY (alert_id, slot)
) WITHOUT ROWID;

-- The last 10 runs of the rules over an alert: slot is run % 10.
CREATE TABLE explanation (
  alert_id BIGINT NOT NULL,
  slot BIGINT NOT NULL,
  run BIGINT NOT NULL,
  org_id BIGINT NOT NULL,
  at BIGINT NOT NULL,
  body BLOB NOT NULL,
  PRIMARY KEY (alert_id, slot)
) WITHOUT ROWID;

CREATE TABLE alert_group (
  org_id BIGINT NOT NULL,
  rule_id BIGINT NOT NULL,
  value TEXT NOT NULL,
  incident_id BIGINT NOT NULL,
  first_incident_id BIGINT NOT NULL,
  opened_at BIGINT NOT NULL,
  last_at BIGINT NOT NULL,
  members BIGINT NOT NULL,
  PRIMARY KEY (org_id, rule_id, value)
) WITHOUT ROWID;

CREATE TABLE change (
  id INTEGER PRIMARY KEY,
  org_id BIGINT NOT NULL,
  number BIGINT NOT NULL,
  integration_id BIGINT,
  kind TEXT NOT NULL,
  title TEXT NOT NULL,
  status TEXT,
  service_id BIGINT,
  service TEXT,
  environment TEXT,
  revision TEXT,
  author TEXT,
  url TEXT,
  starts_at BIGINT,
  ends_at BIGINT,
  labels TEXT NOT NULL,
  dedup_key TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  version BIGINT NOT NULL
);
CREATE UNIQUE INDEX change_key ON change (org_id, integration_id, dedup_key);
CREATE INDEX change_list ON change (org_id, id);

-- Incidents ---------------------------------------------------------------------------------------------------------

CREATE TABLE incident (
  id INTEGER PRIMARY KEY,
  org_id BIGINT NOT NULL,
  number BIGINT NOT NULL,
  title TEXT NOT NULL,
  summary TEXT,
  status TEXT NOT NULL,
  severity BIGINT NOT NULL,
  kind TEXT NOT NULL,
  type_id BIGINT,
  service_ids TEXT NOT NULL,
  commander_id BIGINT,
  reporter_id BIGINT,
  roles TEXT NOT NULL,
  fields TEXT NOT NULL,
  private BOOLEAN NOT NULL,
  team_id BIGINT,
  policy_id BIGINT,
  rule_id BIGINT,
  auto_resolve BOOLEAN NOT NULL,
  auto_resolve_after_s BIGINT NOT NULL,
  episode BIGINT NOT NULL,
  page_start BIGINT NOT NULL,
  alert_count BIGINT NOT NULL,
  open_alert_count BIGINT NOT NULL,
  impact_started_at BIGINT,
  detected_at BIGINT,
  declared_at BIGINT NOT NULL,
  acknowledged_at BIGINT,
  acknowledged_by TEXT,
  mitigated_at BIGINT,
  resolved_at BIGINT,
  closed_at BIGINT,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  version BIGINT NOT NULL
);
CREATE UNIQUE INDEX incident_number ON incident (org_id, number);
CREATE INDEX incident_list ON incident (org_id, id);
CREATE INDEX incident_open ON incident (org_id, severity, id) WHERE status <> 'closed';

CREATE TABLE timeline (
  id INTEGER PRIMARY KEY,
  org_id BIGINT NOT NULL,
  subject_kind TEXT NOT NULL,
  subject_id BIGINT NOT NULL,
  at BIGINT NOT NULL,
  kind TEXT NOT NULL,
  actor TEXT NOT NULL,
  data TEXT NOT NULL,
  key_event BOOLEAN NOT NULL
);
CREATE INDEX timeline_subject ON timeline (subject_id, id);

CREATE TABLE relation (
  org_id BIGINT NOT NULL,
  kind TEXT NOT NULL,
  from_kind TEXT NOT NULL,
  from_id BIGINT NOT NULL,
  to_kind TEXT NOT NULL,
  to_id BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  PRIMARY KEY (from_id, kind, to_id)
) WITHOUT ROWID;
CREATE INDEX relation_to ON relation (to_id);

-- Paging ------------------------------------------------------------------------------------------------------------

-- One row a (subject, episode, policy, start). A storm page has no subject; its subjects keep rows of their own.
CREATE TABLE page (
  id INTEGER PRIMARY KEY,
  org_id BIGINT NOT NULL,
  policy_id BIGINT NOT NULL,
  subject_kind TEXT NOT NULL,
  subject_id BIGINT NOT NULL,
  alert_id BIGINT,
  incident_id BIGINT,
  episode BIGINT NOT NULL,
  start BIGINT NOT NULL,
  team_id BIGINT,
  status TEXT NOT NULL,
  reason TEXT,
  urgency TEXT NOT NULL,
  severity BIGINT,
  title TEXT NOT NULL,
  level BIGINT NOT NULL,
  round BIGINT NOT NULL,
  epoch BIGINT NOT NULL,
  policy TEXT NOT NULL,
  why TEXT,
  storm_page_id BIGINT,
  next_escalation_at BIGINT,
  acknowledged_at BIGINT,
  acknowledged_by TEXT,
  ended_at BIGINT,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  version BIGINT NOT NULL
);
CREATE UNIQUE INDEX page_once ON page (subject_id, episode, policy_id, start) WHERE subject_id > 0;
CREATE INDEX page_list ON page (org_id, id);
CREATE INDEX page_active ON page (org_id, id) WHERE status = 'active';
CREATE INDEX page_alert ON page (alert_id) WHERE alert_id IS NOT NULL;
CREATE INDEX page_incident ON page (incident_id) WHERE incident_id IS NOT NULL;
CREATE INDEX page_storm ON page (storm_page_id) WHERE storm_page_id IS NOT NULL;

CREATE TABLE notification (
  id INTEGER PRIMARY KEY,
  org_id BIGINT NOT NULL,
  page_id BIGINT NOT NULL,
  user_id BIGINT NOT NULL,
  user_name TEXT NOT NULL,
  contact_method_id BIGINT,
  kind TEXT NOT NULL,
  address TEXT NOT NULL,
  purpose TEXT NOT NULL,
  level BIGINT NOT NULL,
  round BIGINT NOT NULL,
  step BIGINT NOT NULL,
  epoch BIGINT NOT NULL,
  status TEXT NOT NULL,
  attempts BIGINT NOT NULL,
  provider_id TEXT,
  error TEXT,
  covers_until BIGINT,
  due_at BIGINT NOT NULL,
  queued_at BIGINT NOT NULL,
  sent_at BIGINT,
  delivered_at BIGINT,
  failed_at BIGINT,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  version BIGINT NOT NULL
);
CREATE INDEX notification_page ON notification (page_id, id);
CREATE INDEX notification_list ON notification (org_id, id);

-- Work that is owed ---------------------------------------------------------------------------------------------------

CREATE TABLE job (
  id INTEGER PRIMARY KEY,
  org_id BIGINT NOT NULL,
  kind TEXT NOT NULL,
  subject_id BIGINT NOT NULL,
  due_at BIGINT NOT NULL,
  leased_until BIGINT NOT NULL,
  token BIGINT NOT NULL,
  tries BIGINT NOT NULL,
  data TEXT,
  created_at BIGINT NOT NULL
);
CREATE INDEX job_due ON job (due_at, id);
CREATE INDEX job_subject ON job (subject_id, kind);

-- One row a round and organization: its changed objects as "kind:id:version" joined by spaces; sequence is that of the last.
CREATE TABLE live_event (
  sequence INTEGER PRIMARY KEY,
  org_id BIGINT NOT NULL,
  first BIGINT NOT NULL,
  events TEXT NOT NULL,
  at BIGINT NOT NULL
);
CREATE INDEX live_event_at ON live_event (at);

CREATE TABLE audit (
  id INTEGER PRIMARY KEY,
  org_id BIGINT NOT NULL,
  at BIGINT NOT NULL,
  actor TEXT NOT NULL,
  verb TEXT NOT NULL,
  kind TEXT NOT NULL,
  object_id BIGINT NOT NULL,
  before TEXT,
  after TEXT
);
CREATE INDEX audit_list ON audit (org_id, id);
