-- Who signs people in by OpenID Connect.
CREATE TABLE identity_provider (
  id INTEGER PRIMARY KEY,
  org_id INTEGER NOT NULL,
  slug TEXT NOT NULL,
  name TEXT NOT NULL,
  issuer TEXT NOT NULL,
  client_id TEXT NOT NULL,
  client_secret TEXT,
  scopes TEXT NOT NULL,
  groups_claim TEXT NOT NULL,
  role_map TEXT,
  default_role TEXT,
  create_users INTEGER NOT NULL,
  enabled INTEGER NOT NULL,
  managed_by TEXT,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  version INTEGER NOT NULL
);
CREATE UNIQUE INDEX identity_provider_slug ON identity_provider (org_id, slug);
-- Which account of a provider is which person; made by a verified address, once.
CREATE TABLE oidc_identity (
  provider_id INTEGER NOT NULL,
  subject TEXT NOT NULL,
  org_id INTEGER NOT NULL,
  user_id INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (provider_id, subject)
);
CREATE INDEX oidc_identity_user ON oidc_identity (user_id);
-- Sign-ins that were finished: none is finished twice. Rows go after expires_at.
CREATE TABLE oidc_used (
  state TEXT PRIMARY KEY,
  expires_at INTEGER NOT NULL
);
CREATE INDEX oidc_used_expires ON oidc_used (expires_at);
