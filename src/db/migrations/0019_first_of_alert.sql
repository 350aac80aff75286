-- What every alert has once lies with it: its first occurrence (received at first_seen_at, slot 0, not late) and the first
-- run of its rules. Alerts of before have theirs as rows, and NULL here.
ALTER TABLE alert ADD COLUMN first_request_id INTEGER;
ALTER TABLE alert ADD COLUMN first_element INTEGER;
ALTER TABLE alert ADD COLUMN first_occurred_at INTEGER;
ALTER TABLE alert ADD COLUMN first_explanation BLOB;
