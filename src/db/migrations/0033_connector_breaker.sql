-- The breaker of a connector outlives a restart; when its provider was last asked whether it takes us; how often nobody
-- knew whether a message was taken.
ALTER TABLE connector ADD COLUMN failures INTEGER NOT NULL DEFAULT 0;
ALTER TABLE connector ADD COLUMN failures_since INTEGER NOT NULL DEFAULT 0;
ALTER TABLE connector ADD COLUMN open_until INTEGER NOT NULL DEFAULT 0;
ALTER TABLE connector ADD COLUMN checked_at INTEGER;
ALTER TABLE notification ADD COLUMN unknowns INTEGER NOT NULL DEFAULT 0;
