/* What somebody hears who answered by text, key or button, where there is no page to look at: which alerts it was
 * about. "Acknowledged 2 alerts: ALERT-7 Disk full; ALERT-8 CPU hot." A page that speaks for many is named by them. */
#include "core/paging/internal.h"

enum { SAID_TITLES = 3, TITLE_BYTES = 40 };

typedef struct Saying {
  Arena *arena;
  Buf titles;
  i64 count;
  bool incidents;
} Saying;

static void add_title(Saying *s, Str title) {
  Str cut = utf8_cut(title, TITLE_BYTES);
  s->incidents = s->incidents || !str_starts_with(title, S("ALERT-"));
  if (s->count++ >= SAID_TITLES) return;
  if (s->titles.len) buf_puts(&s->titles, "; ");
  buf_format(&s->titles, "%.*s%s", STR_ARG(cut), cut.len < title.len ? "\xe2\x80\xa6" : "");
}

static bool read_member(const DbRow *row, void *ctx) {
  Saying *s = ctx;
  add_title(s, db_row_text(row, 0, s->arena));
  return true;
}

static bool add_page(Saying *s, Db *db, i64 page_id, const char *status, Error *err) {
  static const DbStmt MEMBERS = {
      "said_members", "SELECT title FROM page WHERE storm_page_id = $1 AND status = $2 ORDER BY id LIMIT 1000", NULL};
  Page page = {0};
  bool found = false;
  i64 before = s->count;
  if (!page_load(db, s->arena, page_id, &page, &found, err)) return false;
  if (!found) return true;
  if (page.subject_id == 0 &&
      !db_query(db, &MEMBERS, DB_ARGS(db_int(page_id), db_text(str_from_c(status))), read_member, s, err))
    return false;
  if (s->count == before) add_title(s, page.title);
  return true;
}

bool said_of_pages(Db *db, Arena *arena, const PageIds *pages, const char *status, Str *out, Error *err) {
  Saying s = {.arena = arena, .titles = buf_new(arena, KIB(4))};
  for (size_t i = 0; i < pages->items.count; i++)
    if (!add_page(&s, db, pages->items.items[i], status, err)) return false;
  Buf said = buf_new(arena, KIB(4));
  if (s.count > 1) buf_format(&said, "%lld %s: ", (long long)s.count, s.incidents ? "problems" : "alerts");
  buf_put(&said, buf_str(&s.titles));
  if (s.count > SAID_TITLES) buf_format(&said, " and %lld more", (long long)(s.count - SAID_TITLES));
  *out = buf_str(&said);
  return true;
}
