-- How often a rule matched, one row a node: nodes never wait for each other's row. Written once a batch, not once an alert.
CREATE TABLE alert_rule_hit (
  rule_id INTEGER NOT NULL,
  node INTEGER NOT NULL,
  org_id INTEGER NOT NULL,
  hits INTEGER NOT NULL,
  last_at INTEGER NOT NULL,
  PRIMARY KEY (rule_id, node)
) WITHOUT ROWID;
