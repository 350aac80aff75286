-- Which set of files made a row (tocsin apply --set NAME): --prune removes only what its own set made.

ALTER TABLE account ADD COLUMN managed_by TEXT;
ALTER TABLE role ADD COLUMN managed_by TEXT;
ALTER TABLE team ADD COLUMN managed_by TEXT;
ALTER TABLE service ADD COLUMN managed_by TEXT;
ALTER TABLE schedule ADD COLUMN managed_by TEXT;
ALTER TABLE escalation_policy ADD COLUMN managed_by TEXT;
ALTER TABLE integration ADD COLUMN managed_by TEXT;
ALTER TABLE alert_rule ADD COLUMN managed_by TEXT;
