/* Why is it quiet, and until when: in a sentence. */
#ifndef TOCSIN_CORE_ALERTS_QUIET_BECAUSE_H
#define TOCSIN_CORE_ALERTS_QUIET_BECAUSE_H

#include "core/paging/own_snooze.h"
#include "core/quiet/quiet.h"

/* `holds` as the API has them; STR_NONE when there is none. The zone is that of the times. */
Str quiet_because(Arena *arena, const Setup *setup, i64 org_id, const Value *holds, const Zone *zone);

/* A person's own snooze holds nothing, but is told beside what does: `holds` with a hold "own_snooze" for each. */
enum { OWN_SNOOZES_TOLD = 100 };
Value quiet_with_snoozes(Arena *arena, const Value *holds, const OwnSnoozed *snoozes, size_t count);
Value quiet_snoozes_value(Arena *arena, const Setup *setup, const OwnSnoozed *snoozes, size_t count);

/* GET /quiet: every open alert that is held, or that somebody has snoozed for themselves, by reason, oldest first; at
 * most `limit`. Of one reason when that is not empty. {items, reasons, more}. */
enum { QUIET_LIST_ROWS = 10000, QUIET_LIST_MAX = 1000 };
typedef struct QuietAsk {
  i64 org_id, now_ms;
  Str reason; /* empty: any */
  size_t limit;
  const Zone *zone;
} QuietAsk;
MUST_CHECK bool quiet_list(Db *db, Arena *arena, const Setup *setup, const QuietAsk *ask, Value *out, Error *err);

#endif
