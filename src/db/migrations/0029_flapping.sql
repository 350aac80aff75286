-- The last changes of an alert between triggered and resolved by its source. since: it flaps since then; NULL: it does
-- not. changes: how many since then.
CREATE TABLE alert_flap (
  alert_id INTEGER PRIMARY KEY,
  org_id INTEGER NOT NULL,
  times TEXT NOT NULL,
  since INTEGER,
  changes INTEGER NOT NULL
);
