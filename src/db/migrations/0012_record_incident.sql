-- What remains of the alerts of a private incident is hidden like the incident: found by it.
CREATE INDEX alert_record_incident ON alert_record (incident_id) WHERE incident_id IS NOT NULL;
