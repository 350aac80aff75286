-- Who is signed in at the web page. Only the hash of a cookie is kept.
CREATE TABLE session (
  id INTEGER PRIMARY KEY,
  org_id INTEGER NOT NULL,
  user_id INTEGER NOT NULL,
  hash TEXT NOT NULL,
  address TEXT NOT NULL,
  agent TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL
);
CREATE UNIQUE INDEX session_hash ON session (hash);
CREATE INDEX session_user ON session (org_id, user_id);

-- People sign in with their e-mail address, whatever their organization.
CREATE INDEX account_sign_in ON account (email);
