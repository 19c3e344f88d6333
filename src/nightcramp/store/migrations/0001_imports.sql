CREATE TABLE import (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  file TEXT NOT NULL,
  format TEXT NOT NULL,
  sha256 TEXT NOT NULL UNIQUE,
  as_of TEXT NOT NULL,
  imported_at TEXT NOT NULL,
  account TEXT NOT NULL
);
CREATE TABLE fact (
  import_id INTEGER NOT NULL REFERENCES import (id) ON DELETE CASCADE,
  place INTEGER NOT NULL,
  kind TEXT NOT NULL,
  name TEXT NOT NULL,
  body TEXT NOT NULL,
  PRIMARY KEY (import_id, place)
);
CREATE TABLE night (
  import_id INTEGER NOT NULL REFERENCES import (id) ON DELETE CASCADE,
  evening TEXT NOT NULL,
  body TEXT NOT NULL,
  PRIMARY KEY (import_id, evening)
);
CREATE INDEX night_evening ON night (evening)
