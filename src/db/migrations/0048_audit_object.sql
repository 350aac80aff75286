-- What happened to one thing is asked often, and the audit only grows.
CREATE INDEX audit_object ON audit (object_id, id);
