-- Who was told that something holds urgent alerts for too long: team_id 0 when the cause has an owner of its own.
-- covered_until: what was held since before then was in the news. warned_at: the occurrence whose end was announced.
CREATE TABLE quiet_told (
  org_id INTEGER NOT NULL,
  reason TEXT NOT NULL,
  cause_id INTEGER NOT NULL,
  team_id INTEGER NOT NULL,
  covered_until INTEGER NOT NULL,
  told_at INTEGER NOT NULL,
  PRIMARY KEY (org_id, reason, cause_id, team_id)
);
ALTER TABLE maintenance_window ADD COLUMN warned_at INTEGER;
