/* Migrations on PostgreSQL: one text for both engines, its types translated. In CREATE TABLE and ALTER TABLE the type
 * behind a column's name becomes PostgreSQL's: 64-bit integers, text that is ordered by bytes, BYTEA, DOUBLE PRECISION;
 * WITHOUT ROWID goes, an index named by a reserved word is quoted. Nothing else is touched. */
#include <ctype.h>

#include "db/postgres_conn.h"

static const struct {
  const char *ours, *theirs;
} TYPES[] = {
    {"INTEGER", "BIGINT"}, {"BOOLEAN", "BIGINT"},        {"TEXT", "TEXT COLLATE \"C\""},
    {"BLOB", "BYTEA"},     {"REAL", "DOUBLE PRECISION"},
};

/* Names of indexes that migrations of old gave and PostgreSQL keeps for itself. */
static const char *const RESERVED_NAMES[] = {"session_user", "current_user", "user"};

typedef struct Script {
  Buf out;
  Str rest;
  Str previous;      /* the word before; STR_NONE after anything else */
  bool begins;       /* no word of this statement was read yet */
  bool after_verb;   /* its first word was CREATE or ALTER */
  bool about_tables; /* CREATE TABLE, ALTER TABLE */
} Script;

static bool is_word(char c) {
  return isalnum((unsigned char)c) || c == '_';
}

/* The length of the token at the start: a comment, a quoted text, a word, or one character. */
static size_t token_length(Str s) {
  char first = s.ptr[0];
  size_t end = 1;
  if (str_starts_with(s, S("--"))) {
    end = str_find_char(s, '\n', 0);
    return end == SIZE_MAX ? s.len : end;
  }
  if (first == '\'' || first == '"') {
    end = str_find_char(s, first, 1); /* a doubled quote is two such tokens side by side */
    return end == SIZE_MAX ? s.len : end + 1;
  }
  if (!is_word(first)) return 1;
  while (end < s.len && is_word(s.ptr[end])) end++;
  return end;
}

static void note_statement(Script *s, Str word) {
  if (s->begins) {
    s->after_verb = str_equal_nocase(word, S("CREATE")) || str_equal_nocase(word, S("ALTER"));
    s->begins = false;
  } else if (s->after_verb) {
    s->about_tables = str_equal_nocase(word, S("TABLE"));
    s->after_verb = false;
  }
}

static const char *type_for(const Script *s, Str word) {
  if (!s->about_tables || s->previous.len == 0 || str_equal_nocase(s->previous, S("COLUMN"))) return NULL;
  for (size_t i = 0; i < COUNT(TYPES); i++)
    if (str_equal_nocase(word, str_from_c(TYPES[i].ours))) return TYPES[i].theirs;
  return NULL;
}

static bool is_reserved_name(const Script *s, Str word) {
  if (!str_equal_nocase(s->previous, S("INDEX"))) return false;
  for (size_t i = 0; i < COUNT(RESERVED_NAMES); i++)
    if (str_equal_nocase(word, str_from_c(RESERVED_NAMES[i]))) return true;
  return false;
}

static void put_word(Script *s, Str word) {
  note_statement(s, word);
  const char *type = type_for(s, word);
  bool rowid = s->about_tables && (str_equal_nocase(word, S("WITHOUT")) || str_equal_nocase(word, S("ROWID")));
  if (type)
    buf_puts(&s->out, type);
  else if (is_reserved_name(s, word))
    buf_format(&s->out, "\"%.*s\"", STR_ARG(word));
  else if (!rowid)
    buf_put(&s->out, word);
  s->previous = word;
}

static void put_other(Script *s, Str token) {
  buf_put(&s->out, token);
  if (token.ptr[0] == ';') s->begins = true, s->after_verb = s->about_tables = false;
  if (token.ptr[0] == '"')
    s->previous = token;
  else if (!isspace((unsigned char)token.ptr[0]))
    s->previous = STR_NONE;
}

Str pg_translate(Arena *arena, Str sql) {
  Script s = {.out = buf_new(arena, sql.len * 3 + 64), .rest = sql, .begins = true};
  while (s.rest.len > 0) {
    size_t length = token_length(s.rest);
    Str token = str_slice(s.rest, 0, length);
    s.rest = str_slice(s.rest, length, s.rest.len);
    if (is_word(token.ptr[0]))
      put_word(&s, token);
    else
      put_other(&s, token);
  }
  ASSERT(!s.out.overflow);
  return buf_str(&s.out);
}

bool pg_script(Db *db, const char *sql, Error *err) {
  CLEANUP(arena_freep) Arena *arena = arena_new();
  Postgres *p = pg_of(db);
  return pg_flush_unsent(p, err) &&
         pg_simple(p, str_to_c(arena, pg_translate(arena, str_from_c(sql))), "the script", err);
}

/* Other nodes may be at work on it: somebody decides. */
bool pg_before_migration(Db *db, u32 version, Error *err) {
  if (db->may_migrate) return true;
  return fail(err, ERR_CONFLICT,
              "the database is at an older version than this program, and migration %04u waits; make a copy (pg_dump), "
              "then start one node with --migrate",
              version);
}

/* Nodes that start together take turns. Neither the wait nor a migration is cut short. */
bool pg_lock_schema(Db *db, bool lock, Error *err) {
  static const char LOCK[] =
      "SET lock_timeout = 0; SET statement_timeout = 0; SELECT pg_advisory_lock(7598805624000001)";
  static const char UNLOCK[] =
      "SELECT pg_advisory_unlock(7598805624000001); SET lock_timeout = '10s'; SET statement_timeout = '60s'";
  Postgres *p = pg_of(db);
  if (lock) return pg_simple(p, LOCK, "waiting for another node's migration", err);
  return p->lost || pg_simple(p, UNLOCK, "ending the migration", err);
}
