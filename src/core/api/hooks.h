/* What the resource tables need from the running server (core/resources.h). */
#ifndef TOCSIN_CORE_API_HOOKS_H
#define TOCSIN_CORE_API_HOOKS_H

#include "core/api/api.h"
#include "core/resources.h"

extern const CoreHooks API_HOOKS;
bool api_check_cel(ResourceCtx *ctx, const Field *field, Str source, Error *err);

#endif
