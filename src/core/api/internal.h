/* What the files of the API share, and nobody else needs. */
#ifndef TOCSIN_CORE_API_INTERNAL_H
#define TOCSIN_CORE_API_INTERNAL_H

#include "core/api/api.h"

/* answer.c */
void api_respond(Call *call);                           /* what the call has to say */
void api_respond_problem(Call *call, const Error *err); /* with call->errors */
Str api_plain_problem(Arena *arena, const Error *err);  /* before there is a call that could have errors of fields */

/* authorize.c: fills in organization, actor and user of the call; then whether its route is theirs to use. */
MUST_CHECK bool api_authenticate(Call *call, const SetupKey **out_key, Error *err);
MUST_CHECK bool api_allowed(Call *call, const SetupKey *key, Error *err);

/* generic.c: the door of a resource at `path` (below /api/v1/); NULL when there is none. */
const Route *api_generic_route(Call *call, Str path, HttpMethod method, bool *out_path_known);

/* once.c: runs the route's write, unless this key was answered already. */
MUST_CHECK bool api_write_once(Call *call, Cycle *cycle, Str key, Error *err);

#endif
