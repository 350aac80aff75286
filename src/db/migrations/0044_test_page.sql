-- When a person wants a test page each week: {day, at, time_zone}, as JSON; null: never.
ALTER TABLE account ADD COLUMN test_page TEXT;
