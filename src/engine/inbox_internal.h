/* What the inbox's files share: inbox.c appends and chooses, inbox_waiting.c takes what waits, inbox_apply.c applies.
 */
#ifndef TOCSIN_ENGINE_INBOX_INTERNAL_H
#define TOCSIN_ENGINE_INBOX_INTERNAL_H

#include "engine/internal.h"

/* inbox_apply.c: applies all or, halving, as much as can be applied; what cannot is parked (its row exists). Only
 * trouble with the storage itself fails. */
MUST_CHECK bool inbox_apply(Cycle *cycle, Round *round, Arrival **batch, size_t count, Error *err);
/* The same without parking: *out_applied false when the batch was undone. */
MUST_CHECK bool inbox_apply_whole(Cycle *cycle, Round *round, Arrival **batch, size_t count, bool *out_applied,
                                  Error *err);
MUST_CHECK bool inbox_park(Cycle *cycle, Arrival *arrival, const Error *why, Error *err);
/* `before` is the list already stored, STR_NONE when there is none. */
Str inbox_ids_text(Arena *arena, Str before, const i64 *ids, size_t count);

/* inbox_waiting.c */
extern const DbStmt INBOX_PENDING, INBOX_OLDEST; /* asked each round: a test holds them to their index */
MUST_CHECK bool inbox_load_sources(Engine *engine, Error *err);
PendingSource *inbox_source(Engine *engine, i64 integration_id); /* NULL: nothing of it waits */
void inbox_source_add(Engine *engine, const Arrival *arrival);
/* Applies rows that wait, about `budget` events of them and more while nobody waits for the engine, integrations in
 * turns; a large request goes in slices. */
MUST_CHECK bool inbox_apply_waiting(Cycle *cycle, Round *round, size_t budget, Error *err);
MUST_CHECK bool inbox_finish(Cycle *cycle, Arrival **batch, size_t count, Error *err);

#endif
