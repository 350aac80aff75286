-- What waits is found by the node that has it. The index of before said the same of its columns as inbox_log, and SQLite
-- took that one: each round read all requests that the integration had ever sent.
DROP INDEX inbox_pending;
CREATE INDEX inbox_pending ON inbox (node, integration_id, id) WHERE state = 1;
