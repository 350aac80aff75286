/* The API: routes to verbs, and the generic doors of the registry. A read runs on a worker with a reader connection; a
 * write runs as a command in the engine's transaction and is answered after the commit. Who calls is known before the
 * body is read.
 *
 * Adding a verb: one row in a route table and one function. Adding a resource: nothing here. */
#ifndef TOCSIN_CORE_API_H
#define TOCSIN_CORE_API_H

#include "core/server/server.h"
#include "resource/resource.h"

enum { ROUTE_PARAMS_MAX = 4 };

typedef struct Call Call;
typedef struct Route {
  HttpMethod method;
  const char *path; /* below /api/v1: "alerts/{id}/acknowledge" */
  /* "alerts:read", "alerts:write": what a role or scope must hold. For `write` the verb is the last word of the path
   * ("alerts:acknowledge"), or what the method does. A route without one stops the start. */
  const char *permission;
  bool (*read)(Call *call, Db *db, Error *err);
  bool (*write)(Call *call, Cycle *cycle, Error *err);
  void (*direct)(Call *call); /* answers by itself, on the I/O thread (the stream) */
  const char *doc;
  /* What it takes: checked before the function runs, which finds it in call->body and call->query in the API form.
   * Without a table it takes nothing. */
  const Field *body;
  size_t body_count;
  const Field *query;
  size_t query_count;
  bool query_is_free; /* the function reads the query itself, and refuses what it does not know */
  /* What it answers: the form of a resource, a list of them, or an object with these members. */
  const char *answers;
  const char *answers_list;
  const Field *answer;
  size_t answer_count;
  const char *answers_text; /* a content type: not JSON */
  const char *bulk;         /* the verb on one of which this is the one on many: "alerts/{id}/acknowledge" */
  bool creates;             /* 201 */
  bool answers_nothing;     /* 204 */
} Route;
#define BODY(table)  .body = (table), .body_count = COUNT(table)
#define QUERY(table) .query = (table), .query_count = COUNT(table)
/* A list that is answered whole: it takes limit and cursor like any other. */
enum { API_WHOLE_LIST_COUNT = 2 };
extern const Field API_WHOLE_LIST[API_WHOLE_LIST_COUNT];
#define WHOLE_LIST    .query = API_WHOLE_LIST, .query_count = API_WHOLE_LIST_COUNT
#define ANSWER(table) .answer = (table), .answer_count = COUNT(table)

struct Call {
  Command command;
  App *app;
  HttpRequest *request;
  Arena *arena; /* the request's */
  const Setup *setup;
  const Route *route;
  const Resource *resource; /* of the generic routes */
  i64 org_id;
  Actor actor;
  Who who;
  const SetupUser *user;       /* NULL: a service's key */
  i64 key_id;                  /* 0: a session */
  i64 session_id;              /* 0: came with a key */
  const struct Grants *grants; /* what the call may do: the person's, within the key's scopes */
  const Sight *sight;          /* what the person may see; a key's scopes do not narrow it */
  Str area, verb;              /* of its permission: "alerts", "acknowledge" */
  Str via;                     /* the key or session, as a typed id */
  const Resource *target;      /* what a verb changes, and how it was: for the audit */
  i64 target_id;
  Value before;
  RowScope write_scope; /* rows of the route's resource that it may change */
  Str params[ROUTE_PARAMS_MAX];
  size_t param_count;
  Value body;  /* parsed JSON; null when there was none */
  Value query; /* of a verb: its parameters, checked; a map */
  /* of a verb on many: that on one, what that takes, and on which (bulk.c) */
  const Route *single;
  Value single_body;
  Str *bulk_ids; /* found by `filter`; NULL: the body's ids */
  size_t bulk_count;
  /* answer */
  int status; /* 0: 200 */
  bool tried; /* ?dry_run=true: all went well, nothing is kept */
  Value answer;
  Str raw; /* instead of answer, with content_type */
  const char *content_type;
  bool shown_once;    /* the answer holds a secret that is shown only now */
  i64 answer_version; /* > 0: ETag */
  Str allow;          /* of a 405 */
  i64 wait_ms;        /* of a 429, 503: Retry-After; 0: the usual */
  FieldErrors errors;
};

/* A context for the registry inside this call; `cycle` NULL for reads. */
typedef struct ApiCtx {
  ResourceCtx rc;
  Call *call;
  Cycle *cycle;
} ApiCtx;
ApiCtx api_ctx(Call *call, Db *db, Cycle *cycle);
/* For those that write without a call (init, demo). */
ApiCtx api_ctx_of(App *app, Cycle *cycle, i64 org_id, Actor actor);

/* The row that {id} names, of this caller's organization. */
MUST_CHECK bool api_resolve(Call *call, Db *db, const char *resource, size_t param, i64 *out_id, Error *err);
/* Answers with the resource's present form. */
MUST_CHECK bool api_answer_with(Call *call, Db *db, const char *resource, i64 id, Error *err);
/* Member of the body as text; STR_NONE when absent. */
Str api_text(const Call *call, const char *name);
MUST_CHECK bool api_time(const Call *call, const char *name, i64 *out_ms, Error *err);
Str api_query(const Call *call, const char *name);

/* Every route's permission, from the route tables and the registry; fails on one without. Before the first setup. */
MUST_CHECK bool api_access(App *app, Error *err);

/* A parameter that is a reference; 0 when it was not given. */
i64 api_query_ref(const Call *call, const char *name);
/* A parameter that is a time. */
i64 api_query_time(const Call *call, const char *name, i64 otherwise);

/* /api/openapi.json, made of the tables: a text that lives in the arena. */
Str api_openapi(Arena *arena, const Registry *registry);

/* The same for people: a page, or Markdown. */
Str api_manual(Arena *arena, const Registry *registry, bool html);

extern const Door API_DOORS[];
extern const Door JOIN_DOORS[], RESET_DOORS[];
extern const Door OIDC_DOORS[];    /* the same */
extern const Door SIGN_IN_DOORS[]; /* before API_DOORS: nobody is known yet */
/* NULL-terminated; each table ends with a route without a path. */
extern const Route *const API_ROUTE_TABLES[];
/* For the document only: doors of their own, open to whoever comes. */
extern const Route SIGN_IN_ROUTES[];
extern const Route ALERT_ROUTES[];
extern const Route INCIDENT_ROUTES[];
extern const Route PAGING_ROUTES[];
extern const Route ONCALL_ROUTES[], COVER_ROUTES[], IMPORT_ROUTES[];
extern const Route SETUP_ROUTES[];
extern const Route CHANNEL_ROUTES[], HEARTBEAT_ROUTES[], DUTY_ROUTES[], REPORT_ROUTES[];
extern const Route IDENTITY_ROUTES[], DEPARTURE_ROUTES[], RULE_ROUTES[];
extern const Route QUIET_ROUTES[];
extern const Route TOGETHER_ROUTES[];
extern const Route SESSION_ROUTES[];
extern const Route BULK_ROUTES[];
/* Verbs on many rows that work in slices. */
extern const JobKind BULK_JOBS[];
extern const Route EXPRESSION_ROUTES[], CONTACT_ROUTES[], TIMELINE_ROUTES[], TOTP_ROUTES[];

#endif
