-- A verb on many rows that works in slices: who asked for what, and how far it has come.
CREATE TABLE bulk_job (
  id INTEGER PRIMARY KEY,
  org_id INTEGER NOT NULL,
  area TEXT NOT NULL,
  verb TEXT NOT NULL,
  filter TEXT,
  body TEXT NOT NULL,
  status TEXT NOT NULL,
  reason TEXT,
  total INTEGER NOT NULL,
  done INTEGER NOT NULL,
  failed INTEGER NOT NULL,
  failures TEXT NOT NULL,
  created_by TEXT NOT NULL,
  user_id INTEGER,
  key_id INTEGER NOT NULL,
  request TEXT NOT NULL,
  address TEXT NOT NULL,
  finished_at INTEGER,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  version INTEGER NOT NULL
);
CREATE INDEX bulk_job_list ON bulk_job (org_id, id);

-- What is left of it: ids as they were given, a slice a row.
CREATE TABLE bulk_part (
  job_id INTEGER NOT NULL,
  n INTEGER NOT NULL,
  org_id INTEGER NOT NULL,
  ids TEXT NOT NULL,
  PRIMARY KEY (job_id, n)
) WITHOUT ROWID;
