-- What an integration's requests came to, and what about them deserves a look.

ALTER TABLE inbox ADD COLUMN warnings TEXT;

-- Requests by outcome, one row a node: nodes never wait for each other's row. Written once a round, not once a request.
CREATE TABLE integration_count (
  integration_id INTEGER NOT NULL,
  outcome TEXT NOT NULL,
  node INTEGER NOT NULL,
  org_id INTEGER NOT NULL,
  count INTEGER NOT NULL,
  last_at INTEGER NOT NULL,
  PRIMARY KEY (integration_id, outcome, node)
);

-- The last different warnings of an integration.
CREATE TABLE integration_warning (
  integration_id INTEGER NOT NULL,
  text TEXT NOT NULL,
  org_id INTEGER NOT NULL,
  count INTEGER NOT NULL,
  first_at INTEGER NOT NULL,
  last_at INTEGER NOT NULL,
  request_id INTEGER NOT NULL,
  PRIMARY KEY (integration_id, text)
);

-- What was not taken is counted apart from what was.
CREATE INDEX inbox_bad_of ON inbox (integration_id, id) WHERE outcome IN ('failed', 'rejected', 'unmapped', 'partial');
