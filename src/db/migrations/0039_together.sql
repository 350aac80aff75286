-- What people said of a suggestion that two alerts belong together: a_id is the smaller. score: what it had then.
CREATE TABLE together_answer (
  org_id INTEGER NOT NULL,
  a_id INTEGER NOT NULL,
  b_id INTEGER NOT NULL,
  accepted INTEGER NOT NULL,
  score REAL NOT NULL,
  answered_by TEXT NOT NULL,
  at INTEGER NOT NULL,
  PRIMARY KEY (a_id, b_id)
);
CREATE INDEX together_answer_b ON together_answer (b_id);
CREATE INDEX together_answer_at ON together_answer (org_id, at);
