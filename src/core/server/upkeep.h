/* Upkeep (see upkeep.c). */
#ifndef TOCSIN_CORE_UPKEEP_H
#define TOCSIN_CORE_UPKEEP_H

#include "core/app.h"

extern const JobKind UPKEEP_JOBS[];
/* Arms the job; for engine_run at start. */
bool upkeep_plan(Cycle *cycle, void *ctx, Error *err);

#endif
