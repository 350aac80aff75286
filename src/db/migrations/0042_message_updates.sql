-- What a message says by now, where the provider lets it be changed: acknowledged, resolved, cancelled; null: as it was sent.
ALTER TABLE notification ADD COLUMN shown TEXT;
-- An attempt may have arrived although nobody said so: the next one says that it may be repeated.
ALTER TABLE notification ADD COLUMN doubtful INTEGER NOT NULL DEFAULT 0;
-- Where the connector goes on asking what people answered.
ALTER TABLE connector ADD COLUMN poll_cursor TEXT;
