-- Whose task an open alert is; paging goes on until somebody acknowledges.
ALTER TABLE alert ADD COLUMN assignee_id INTEGER;
