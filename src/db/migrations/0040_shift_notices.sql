-- What a person wants to hear of their shifts: {begins_s, ends_s, report}, as JSON; null: nothing.
ALTER TABLE account ADD COLUMN shift_notices TEXT;

-- Up to when a person's notices were sent.
CREATE TABLE shift_notice (
  user_id INTEGER PRIMARY KEY,
  org_id INTEGER NOT NULL,
  done_until INTEGER NOT NULL
);
