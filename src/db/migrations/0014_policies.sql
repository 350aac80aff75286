-- What a policy does when its last level has nobody, when who is on call changes, and when it escalates.
ALTER TABLE escalation_policy ADD COLUMN on_empty TEXT NOT NULL DEFAULT 'next';
ALTER TABLE escalation_policy ADD COLUMN page_newcomers INTEGER NOT NULL DEFAULT 1;
ALTER TABLE escalation_policy ADD COLUMN stop_previous_on_escalate INTEGER NOT NULL DEFAULT 0;
-- JSON: whom each round robin level chose, by level; kept when the page starts again.
ALTER TABLE page ADD COLUMN turns TEXT;
