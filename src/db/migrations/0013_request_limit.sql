-- How many requests a minute an API key may make; null: as the server says.
ALTER TABLE api_key ADD COLUMN requests_per_minute INTEGER;
