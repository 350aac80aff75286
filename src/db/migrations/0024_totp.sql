-- The second factor of an account: its sealed secret, the last code that was good, hashes of the recovery codes.
CREATE TABLE account_totp (
  user_id INTEGER PRIMARY KEY,
  org_id INTEGER NOT NULL,
  secret TEXT NOT NULL,
  confirmed_at INTEGER,
  last_step INTEGER NOT NULL,
  recovery TEXT NOT NULL,
  created_at INTEGER NOT NULL
);
