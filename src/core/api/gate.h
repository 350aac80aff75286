/* What stands before every door of /api/. */
#ifndef TOCSIN_CORE_API_GATE_H
#define TOCSIN_CORE_API_GATE_H

#include "core/app.h"

/* Whose pages may call the API: exact origins with commas between; NULL or empty: only our own, and *out is NULL. */
typedef struct Origins Origins;
MUST_CHECK bool origins_new(Arena *arena, const char *list, Origins **out, Error *err);
/* True when it answered: a preflight, or too many requests of one address. */
bool api_gate(App *app, HttpRequest *request, HttpHeadVerdict *verdict);

#endif
