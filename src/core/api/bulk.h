/* Verbs on many: POST alerts/acknowledge with ids[] or filter. Up to BULK_NOW_MAX rows are done at once, each in a
 * savepoint and with checks and audit of its own, so that one that is refused keeps no other waiting; more become a job
 * that works in slices, so that a storm's clean-up stands in nobody's way. */
#ifndef TOCSIN_CORE_API_BULK_H
#define TOCSIN_CORE_API_BULK_H

#include "core/api/internal.h"

enum { BULK_NOW_MAX = 500, BULK_IDS_MAX = 10000, BULK_ROWS_MAX = 100000, BULK_SLICE = 100, BULK_FAILURES_MAX = 100 };

typedef struct BulkOutcome {
  ValueVec items; /* {id, number, title, status, code, detail} */
  i64 done, failed;
} BulkOutcome;

/* The verb on one, in the name of `whole`, for each of these. False: the storage fails. */
MUST_CHECK bool bulk_each(const Call *whole, Cycle *cycle, const Str *ids, size_t count, BulkOutcome *out, Error *err);
/* bulk_job.c: writes the job and its slices, and answers with it. */
MUST_CHECK bool bulk_later(Call *call, Cycle *cycle, const Str *ids, size_t count, Error *err);
/* "alerts", "acknowledge": the route of the verb on one, and for "delete" its resource; NULL when there is none. */
const Route *bulk_single(const Registry *registry, Str area, Str verb, const Resource **out_resource);
/* The answer's table. */
enum { BULK_ANSWER_COUNT = 4 };
extern const Field BULK_ANSWER[BULK_ANSWER_COUNT];

enum { API_DRY_RUN_COUNT = 1 };
extern const Field API_DRY_RUN[API_DRY_RUN_COUNT];

#endif
