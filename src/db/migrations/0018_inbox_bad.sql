-- The same rows as before. For a list of more than two, SQLite makes a table of the list at each insert, for each index.
DROP INDEX inbox_bad;
DROP INDEX inbox_bad_of;
CREATE INDEX inbox_bad ON inbox (org_id, id) WHERE outcome = 'failed' OR outcome = 'rejected' OR outcome = 'unmapped' OR outcome = 'partial';
CREATE INDEX inbox_bad_of ON inbox (integration_id, id) WHERE outcome = 'failed' OR outcome = 'rejected' OR outcome = 'unmapped' OR outcome = 'partial';
