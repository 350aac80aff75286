/* The log of a SQLite database: when its pages move into the file, and when readers must wait so that it can begin
 * anew.
 *
 * A log begins anew only when every page of it was moved and nobody reads from it. One reader after the other, always
 * overlapping, would let it grow for ever (493 MB in 6 s was seen); past PAGES_GATE new readers therefore wait. Those
 * that read already end within their limit, then a RESTART checkpoint succeeds and the gate opens. Only the writer
 * checkpoints: two connections that do meet SQLite's WAL-reset bug (before 3.51). */
#include "db/sqlite_conn.h"

enum {
  PAGES_PASSIVE = 4000, /* 16 MB: worth moving when nothing waits */
  PAGES_AGAIN = 500,    /* after a try that a reader cut short */
  PAGES_GATE = 16000,   /* 64 MB */
  READERS_WAIT_MS = DB_READ_LIMIT_MS + 500,
};

/* After each commit. Fewer pages than before: the log began anew. */
static int count_pages(void *ctx, sqlite3 *handle, const char *schema, int pages) {
  (void)handle;
  (void)schema;
  Sqlite *s = ctx;
  if (pages < s->log_pages) s->log_next = PAGES_PASSIVE;
  s->log_pages = pages;
  return SQLITE_OK;
}

void sqlite_checkpoint_init(Sqlite *s) {
  s->log_next = PAGES_PASSIVE;
  sqlite3_wal_hook(s->handle, count_pages, s);
}

static int checkpoint(Sqlite *s, int mode, int *out_moved_all) {
  int in_log = 0, moved = 0;
  int result = sqlite3_wal_checkpoint_v2(s->handle, NULL, mode, &in_log, &moved);
  *out_moved_all = result == SQLITE_OK && in_log == moved;
  int extended = result == SQLITE_OK ? SQLITE_OK : sqlite3_extended_errcode(s->handle);
  if (sqlite_is_sync_error(extended)) sqlite_note_sync(s, extended);
  bool stuck = result != SQLITE_OK && (result & 0xff) != SQLITE_BUSY;
  if (stuck && !s->log_stuck)
    log_warn("db", "the log of %d pages cannot be moved into the database (%s); it grows meanwhile", s->log_pages,
             sqlite3_errmsg(s->handle));
  s->log_stuck = stuck;
  return result & 0xff;
}

static void passive(Sqlite *s) {
  int moved_all = 0;
  checkpoint(s, SQLITE_CHECKPOINT_PASSIVE, &moved_all);
  s->log_next = s->log_pages + (moved_all ? PAGES_PASSIVE : PAGES_AGAIN);
}

/* When nothing waits for the writer it waits for the readers; else it tries again after the next round. Trouble other
 * than readers in the way (a full disk) opens the gate: waiting would not help, and people want to look. */
static void restart(Sqlite *s, bool queue_is_short) {
  int moved_all = 0;
  db_gate_close(s->base.gate);
  sqlite3_busy_timeout(s->handle, queue_is_short ? READERS_WAIT_MS : 0);
  int result = checkpoint(s, SQLITE_CHECKPOINT_RESTART, &moved_all);
  sqlite3_busy_timeout(s->handle, SQLITE_BUSY_WRITER_MS);
  if (result == SQLITE_BUSY) return;
  if (result == SQLITE_OK) {
    s->log_pages = 0;
    s->log_next = PAGES_PASSIVE;
  }
  db_gate_open(s->base.gate);
}

void sqlite_checkpoint(Db *db, bool queue_is_short) {
  Sqlite *s = sqlite_of(db);
  ASSERT(db->role == DB_WRITER);
  if (s->sync_code || !sqlite3_get_autocommit(s->handle)) return;
  if (s->log_pages >= PAGES_GATE || db_gate_is_closed(s->base.gate))
    restart(s, queue_is_short);
  else if (s->log_pages >= s->log_next && queue_is_short)
    passive(s);
}
