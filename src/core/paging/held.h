/* What paging owes while it is held after a restore, and cancelling what is too old (see engine_hold_paging). */
#ifndef TOCSIN_CORE_HELD_H
#define TOCSIN_CORE_HELD_H

#include "core/app.h"

enum { HELD_SHOWN_MAX = 1000, HELD_SLICE = 200 };

typedef struct HeldPage {
  i64 id, created_ms;
  Str title, status, urgency;
  i64 level, messages; /* messages: queued for people */
} HeldPage;

/* Oldest first, HELD_SHOWN_MAX at most; *out_total counts all. */
MUST_CHECK bool held_pages(Db *db, Arena *arena, HeldPage **out, size_t *out_count, i64 *out_total, Error *err);
/* In a command: cancels at most HELD_SLICE pages that began before. *out_count: how many. */
MUST_CHECK bool held_cancel(Cycle *cycle, i64 before_ms, i64 *out_count, Error *err);

#endif
