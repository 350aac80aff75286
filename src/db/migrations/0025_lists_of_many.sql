-- The whole log and the whole timeline of one organization among several are ranges, too.
CREATE INDEX inbox_list ON inbox (org_id, id);
CREATE INDEX timeline_list ON timeline (org_id, id);
