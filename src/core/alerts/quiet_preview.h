/* What would a silence hide? */
#ifndef TOCSIN_CORE_ALERTS_QUIET_PREVIEW_H
#define TOCSIN_CORE_ALERTS_QUIET_PREVIEW_H

#include "core/quiet/quiet.h"

enum { QUIET_PREVIEW_SHOWN = 50, QUIET_PREVIEW_ROWS = 50000, QUIET_PREVIEW_DAYS = 7 };

/* {now: {count, items}, last_7_days: {count, paged, items}, complete}: what it hides now, and would have hidden of what
 * came or changed in the last 7 days. Looks at QUIET_PREVIEW_ROWS of each at most, the newest; `complete` says whether
 * that was all. Any connection. */
MUST_CHECK bool quiet_preview(Db *db, Arena *arena, const Setup *setup, i64 org_id, const QuietMatch *match, i64 now_ms,
                              Value *out, Error *err);

#endif
