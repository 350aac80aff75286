-- A person's own snooze of an alert: until then what pages for it alone does not tell them; others are told. Of one
-- episode. withheld: somebody would have told them meanwhile.
CREATE TABLE own_snooze (
  alert_id INTEGER NOT NULL,
  user_id INTEGER NOT NULL,
  org_id INTEGER NOT NULL,
  episode INTEGER NOT NULL,
  since_at INTEGER NOT NULL,
  until_at INTEGER NOT NULL,
  withheld INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (alert_id, user_id)
);
CREATE INDEX own_snooze_user ON own_snooze (user_id);
CREATE INDEX own_snooze_org ON own_snooze (org_id, alert_id);
