-- Codes and tests that were sent to a contact method, and when somebody last asked for a new password.
ALTER TABLE contact_method ADD COLUMN checked_at INTEGER;
ALTER TABLE contact_method ADD COLUMN check_kind TEXT;
ALTER TABLE contact_method ADD COLUMN check_status TEXT;
ALTER TABLE contact_method ADD COLUMN check_error TEXT;
ALTER TABLE account ADD COLUMN reset_at INTEGER;
