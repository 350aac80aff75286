-- A large request that waits is applied in slices: how many of its events are done.
ALTER TABLE inbox ADD COLUMN done INTEGER NOT NULL DEFAULT 0;
