-- What a provider signs its callbacks with, where that is not the secret we call it with.
ALTER TABLE connector ADD COLUMN signing_secret TEXT;
