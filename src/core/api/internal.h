/* What the files of the API share, and nobody else needs. */
#ifndef TOCSIN_CORE_API_INTERNAL_H
#define TOCSIN_CORE_API_INTERNAL_H

#include "core/api/api.h"

/* answer.c */
void api_respond(Call *call);                           /* what the call has to say */
void api_respond_problem(Call *call, const Error *err); /* with call->errors */
const char *api_problem_title(int status);
HttpResponse api_problem(const Call *call, const Error *err);

/* sign_in.c: doors where nobody is known yet. wait_ms > 0: Retry-After. An empty token takes the cookie away. */
void api_respond_refusal(App *app, HttpRequest *request, const Error *err, i64 wait_ms);
void api_respond_cookie(App *app, HttpRequest *request, Str token);
/* POST from our own page only. */
void api_open_door_head(App *app, HttpRequest *request, HttpHeadVerdict *verdict, size_t body_bytes_max);

/* authorize.c: fills in who calls and what they may see; then whether the call's route is theirs to use. */
MUST_CHECK bool api_authenticate(Call *call, Error *err);
MUST_CHECK bool api_allowed(Call *call, Error *err);
struct Permission;
/* What a route of the tables needs; false when it names nothing. */
MUST_CHECK bool api_wanted(const Route *route, struct Permission *out);
/* context.c: leaves out of a list what its member names and the caller does not see. */
MUST_CHECK bool api_keep_seen(Call *call, Db *db, const char *member, Value *list, Error *err);
/* The same of the answer's items: the picture knows all of an organization, the caller may not. */
MUST_CHECK bool api_only_seen(Call *call, Db *db, const char *member, Error *err);
/* audit.c: notes what a verb is about to change; writes down what it did. */
MUST_CHECK bool api_audit_before(Call *call, ResourceCtx *rc, const Resource *resource, i64 id, Error *err);
MUST_CHECK bool api_audit_after(Call *call, Cycle *cycle, Error *err);
/* Is this row one that the call may change? Else ERR_FORBIDDEN: it is seen, but not theirs. */
MUST_CHECK bool api_may_change(Call *call, Db *db, const Resource *resource, i64 id, Error *err);

/* gate.c: one more request of the call's key; its own limit, 0: the server's. */
MUST_CHECK bool api_limit_key(Call *call, i64 of_key, Error *err);

/* routes.c: the verb at `path` (below /api/v1/). Both add the methods that the path takes, a bit each; NULL when
 * `method` is none of them. api_no_route fails with what was probably meant. */
const Route *api_verb_route(Call *call, Str path, HttpMethod method, u32 *methods);
bool api_no_route(Call *call, Str path, Error *err);
/* generic.c: the same for the doors of the resources. */
const Route *api_generic_route(Call *call, Str path, HttpMethod method, u32 *methods);
/* Which verb of the registry a generic route is. */
typedef struct GenericDoor {
  HttpMethod method;
  bool with_id;
  ResourceVerbs verb;
  const char *permission; /* the verb's word */
  Route route;
} GenericDoor;
extern const GenericDoor API_GENERIC_DOORS[];
extern const size_t API_GENERIC_DOOR_COUNT;

/* input.c */
typedef struct QueryPairs {
  VEC(Str) names;
  VEC(Str) values;
} QueryPairs;
MUST_CHECK bool api_read_query(Call *call, QueryPairs *out, Error *err);
MUST_CHECK bool api_read_body(Call *call, Error *err);
/* Before a verb runs: call->body and call->query against the route's tables. */
MUST_CHECK bool api_check_input(Call *call, Db *db, Error *err);

/* api.c: runs the route's write, and writes down who did it. */
MUST_CHECK bool api_write(Call *call, Cycle *cycle, Error *err);
/* The same, after what it takes, If-Match and dry_run were looked at. */
MUST_CHECK bool api_checked_write(Call *call, Cycle *cycle, Error *err);
/* once.c: api_checked_write, unless this Idempotency-Key was answered already. */
MUST_CHECK bool api_write_once(Call *call, Cycle *cycle, Error *err);
/* context.c: the version that If-Match asks for: 0 any; fails on what can be no version. */
MUST_CHECK bool api_if_match(const Call *call, i64 *out_version, Error *err);
/* rule_routes.c: would_mute of a rule that was written, or tried. */
MUST_CHECK bool api_rule_after(Call *call, Db *db, Error *err);

/* bulk.c: a verb on many; the members that it takes; is it by filter, and then by which ids (on a worker). */
MUST_CHECK bool api_bulk(Call *call, Cycle *cycle, Error *err);
Field *api_bulk_fields(Arena *arena, const Route *single, size_t *out_count);
bool api_bulk_by_filter(const Call *call);
MUST_CHECK bool api_bulk_find(Call *call, Db *db, Error *err);
/* bulk_job.c */
MUST_CHECK bool api_cancel_job(Call *call, Cycle *cycle, Error *err);
/* authorize.c: the caller of before, by key or session and person (0: none), with what they may do now. */
MUST_CHECK bool api_authenticate_again(Call *call, i64 key_id, i64 user_id, Error *err);

/* alert_routes.c: a stored request of this organization as it came in, with its integration. */
MUST_CHECK bool api_stored_request(Call *call, Db *db, Str id_text, const SetupIntegration **out_integration,
                                   RawRequest *out, Error *err);

/* generic.c: ?dry_run=true of create, update and delete. */
MUST_CHECK bool api_try(Call *call, Cycle *cycle, Error *err);

#endif
