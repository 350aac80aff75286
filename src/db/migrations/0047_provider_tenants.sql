-- A provider that serves many tenants: whose people are let in, as JSON.
ALTER TABLE identity_provider ADD COLUMN tenants TEXT;
