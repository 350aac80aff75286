/* Why is it quiet, and until when: in a sentence. */
#ifndef TOCSIN_CORE_ALERTS_QUIET_BECAUSE_H
#define TOCSIN_CORE_ALERTS_QUIET_BECAUSE_H

#include "core/quiet/quiet.h"

/* `holds` as the API has them; STR_NONE when there is none. The zone is that of the times. */
Str quiet_because(Arena *arena, const Setup *setup, i64 org_id, const Value *holds, const Zone *zone);

/* GET /quiet: every open alert that is held, by reason, oldest first; at most `limit`. Of one reason when that is not
 * empty. {items, reasons, more}. */
enum { QUIET_LIST_ROWS = 10000, QUIET_LIST_MAX = 1000 };
MUST_CHECK bool quiet_list(Db *db, Arena *arena, const Setup *setup, i64 org_id, Str reason, size_t limit,
                           const Zone *zone, Value *out, Error *err);

#endif
