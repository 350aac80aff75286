-- joined_at: takes part now; null: left, or only seen. since stays: who knew of it.
ALTER TABLE incident_person ADD COLUMN joined_at INTEGER;
CREATE INDEX alert_group_incident ON alert_group (incident_id);
