-- Nodes that share a database. epoch: raised by whoever takes a silent node's work over; a node whose epoch is another
-- writes nothing. name: of its data folder, so that a node that comes back ends its former life at once.
CREATE TABLE node (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL,
  epoch INTEGER NOT NULL,
  program TEXT NOT NULL,
  started_at INTEGER NOT NULL,
  seen_at INTEGER NOT NULL,
  ended_at INTEGER NOT NULL
);

-- Whose inbox a request lies in: that node applies it, or who takes over from it.
ALTER TABLE inbox ADD COLUMN node INTEGER NOT NULL DEFAULT 0;
