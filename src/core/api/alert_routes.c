/* Verbs of alerts, rules and requests. */
#include "core/alerts/batch.h"
#include "core/api/api.h"
#include "core/api/internal.h"
#include "core/resources.h"
#include "core/server/inbound.h"
#include "lang/json.h"

static bool act_as(Call *call, Cycle *cycle, AlertAct what, Error *err) {
  i64 id = 0;
  bool changed = false;
  what.who = &call->who;
  what.reason = api_text(call, "reason");
  return api_resolve(call, cycle->db, "alert", 0, &id, err) && alert_act(cycle, id, &what, &changed, err) &&
         api_answer_with(call, cycle->db, "alert", id, err);
}

static bool act(Call *call, Cycle *cycle, AlertVerb verb, Error *err) {
  return act_as(call, cycle, (AlertAct){.verb = verb}, err);
}

static bool acknowledge(Call *c, Cycle *cycle, Error *err) {
  return act(c, cycle, ALERT_VERB_ACKNOWLEDGE, err);
}
static bool unacknowledge(Call *c, Cycle *cycle, Error *err) {
  return act(c, cycle, ALERT_VERB_UNACKNOWLEDGE, err);
}
static bool resolve(Call *c, Cycle *cycle, Error *err) {
  return act(c, cycle, ALERT_VERB_RESOLVE, err);
}
static bool dismiss(Call *c, Cycle *cycle, Error *err) {
  return act(c, cycle, ALERT_VERB_DISMISS, err);
}
static bool reopen(Call *c, Cycle *cycle, Error *err) {
  return act(c, cycle, ALERT_VERB_REOPEN, err);
}
static bool escalate(Call *c, Cycle *cycle, Error *err) {
  return act(c, cycle, ALERT_VERB_ESCALATE, err);
}

static bool snooze_for_me(Call *call, Cycle *cycle, i64 until_ms, Error *err) {
  if (!call->user)
    return fail_at(err, ERR_FORBIDDEN, "/for_me",
                   "this key speaks for a service, which is never paged; a snooze for oneself belongs to a person. "
                   "Leave for_me out to snooze it for all");
  return act_as(call, cycle, (AlertAct){.verb = ALERT_VERB_SNOOZE, .until_ms = until_ms, .user_id = call->user->id},
                err);
}

static bool snooze(Call *call, Cycle *cycle, Error *err) {
  i64 until = 0, seconds = value_int_or(value_get_c(&call->body, "for_s"), 0);
  if (seconds > 0)
    until = cycle->now_ms + seconds * 1000;
  else if (!api_time(call, "until", &until, err))
    return false;
  bool for_me = value_bool_or(value_get_c(&call->body, "for_me"), false);
  if (for_me && until <= cycle->now_ms) return fail_at(err, ERR_INVALID, "/until", "the snooze must end in the future");
  if (for_me) return snooze_for_me(call, cycle, until, err);
  return act_as(call, cycle, (AlertAct){.verb = ALERT_VERB_SNOOZE, .until_ms = until}, err);
}

/* Back to being told. */
static bool unsnooze(Call *call, Cycle *cycle, Error *err) {
  return snooze_for_me(call, cycle, cycle->now_ms, err);
}

static bool assign(Call *call, Cycle *cycle, Error *err) {
  ApiCtx ctx = api_ctx(call, cycle->db, cycle);
  i64 id = 0, user_id = resource_ref_id(ctx.rc.registry, value_get_c(&call->body, "user_id"));
  return api_resolve(call, cycle->db, "alert", 0, &id, err) &&
         alert_assign(cycle, id, user_id, api_text(call, "note"), &call->who, err) &&
         api_answer_with(call, cycle->db, "alert", id, err);
}

static bool note(Call *call, Cycle *cycle, Error *err) {
  i64 id = 0;
  Str text = api_text(call, "text");
  return api_resolve(call, cycle->db, "alert", 0, &id, err) && alert_note(cycle, id, text, &call->who, err) &&
         api_answer_with(call, cycle->db, "alert", id, err);
}

/* Reads ----------------------------------------------------------------------------------------------------------- */

/* Explanations outlive their alert: `alert` then says what it was. */
static bool explanation(Call *call, Db *db, Error *err) {
  i64 id = 0;
  Error why = {0};
  if (api_resolve(call, db, "alert", 0, &id, &why)) return alert_explanations(db, call->arena, id, &call->answer, err);
  *err = why;
  if (why.code != ERR_NOT_FOUND) return false;
  ApiCtx ctx = api_ctx(call, db, NULL);
  Value record = value_null(), items = value_null();
  if (!resource_resolve_record(&ctx.rc, &ALERT, call->params[0], &id)) return false;
  if (!resource_get(&ctx.rc, &ALERT_RECORD, id, &record, err)) return false;
  if (!alert_explanations(db, call->arena, id, &items, err)) return false;
  MapBuilder map = map_builder(call->arena);
  map_put_c(&map, "alert", record);
  map_put_c(&map, "items", *value_get_c(&items, "items"));
  call->answer = map_done(&map);
  error_clear(err);
  return true;
}

typedef struct Rows {
  Arena *arena;
  ValueVec items;
} Rows;

static bool read_occurrence(const DbRow *row, void *ctx) {
  Rows *rows = ctx;
  MapBuilder map = map_builder(rows->arena);
  map_put_c(&map, "n", value_int(db_row_int(row, 0) + 1));
  map_put_c(&map, "received_at", value_string(time_text_ms(rows->arena, db_row_int(row, 1))));
  map_put_c(&map, "occurred_at",
            db_row_is_null(row, 2) ? value_null() : value_string(time_text_ms(rows->arena, db_row_int(row, 2))));
  map_put_c(&map, "request_id", value_string(id_text(rows->arena, "req", db_row_int(row, 3))));
  map_put_c(&map, "index", value_int(db_row_int(row, 4)));
  map_put_c(&map, "status", value_string(db_row_text(row, 5, rows->arena)));
  map_put_c(&map, "late", value_bool(db_row_int(row, 6) != 0));
  *VEC_PUSH(rows->arena, &rows->items) = map_done(&map);
  return true;
}

static bool occurrences(Call *call, Db *db, Error *err) {
  static const DbStmt LIST = {"occurrences",
                              "SELECT n, received_at, occurred_at, request_id, element, status, late FROM occurrence "
                              "WHERE alert_id = $1 UNION ALL SELECT 0, first_seen_at, first_occurred_at, "
                              "first_request_id, first_element, 'triggered', 0 FROM alert WHERE id = $1 "
                              "AND first_request_id IS NOT NULL ORDER BY n",
                              NULL};
  i64 id = 0;
  Rows rows = {.arena = call->arena};
  if (!api_resolve(call, db, "alert", 0, &id, err) ||
      !db_query(db, &LIST, DB_ARGS(db_int(id)), read_occurrence, &rows, err))
    return false;
  MapBuilder map = map_builder(call->arena);
  map_put_c(&map, "items", list_done(&rows.items));
  map_put_c(&map, "next_cursor", value_null());
  call->answer = map_done(&map);
  return true;
}

/* Requests -------------------------------------------------------------------------------------------------------- */

typedef struct Stored {
  Arena *arena;
  i64 id, integration_id, received_ms;
  Str method, headers, body;
} Stored;

static bool read_stored(const DbRow *row, void *ctx) {
  Stored *s = ctx;
  s->id = db_row_int(row, 0);
  s->integration_id = db_row_int(row, 1);
  s->received_ms = db_row_int(row, 2);
  s->method = db_row_text(row, 3, s->arena);
  s->headers = db_row_text(row, 4, s->arena);
  s->body = db_row_text(row, 5, s->arena);
  return true;
}

static bool load_stored(Call *call, Db *db, i64 id, Stored *out, Error *err) {
  static const DbStmt LOAD = {
      "request_load",
      "SELECT id, integration_id, received_at, method, headers, body FROM inbox WHERE id = $1 AND org_id = $2", NULL};
  bool found = false;
  Str body = STR_NONE;
  out->arena = call->arena;
  if (!db_query_one(db, &LOAD, DB_ARGS(db_int(id), db_int(call->org_id)), read_stored, out, &found, err)) return false;
  if (!found) return fail(err, ERR_NOT_FOUND, "there is no such request");
  if (!body_unpack(call->arena, out->body, &body)) return fail(err, ERR_INTERNAL, "the stored body cannot be unpacked");
  out->body = body;
  return true;
}

static RawRequest raw_of(Arena *arena, Str method, Str headers, Str body, i64 received_ms) {
  Value map = value_null();
  Error ignored = {0};
  RawRequest raw = {.method = method, .body = body, .content_type = S("application/json"), .received_ms = received_ms};
  if (!json_parse(arena, headers, NULL, &map, &ignored) || map.kind != VALUE_MAP) return raw;
  Str *names = ARENA_ARRAY(arena, Str, map.size + 1), *values = ARENA_ARRAY(arena, Str, map.size + 1);
  for (size_t i = 0; i < map.size; i++) {
    names[i] = str_lower(arena, value_text(&map.members[i].key));
    values[i] = value_text_or(&map.members[i].value, STR_NONE);
    if (str_equal_c(names[i], "content-type")) raw.content_type = values[i];
  }
  raw.header_names = names;
  raw.header_values = values;
  raw.header_count = map.size;
  return raw;
}

static bool finish_replay(Call *call, Cycle *cycle, const Stored *stored, const Normalised *n, const Arrival *arrival,
                          Error *err) {
  static const DbStmt DONE = {"request_replayed",
                              "UPDATE inbox SET state = 0, outcome = $2, errors = $3, alert_ids = $4, change_ids = $5, "
                              "events = NULL WHERE id = $1",
                              NULL};
  Buf alerts = buf_new(call->arena, MIB(1)), changes = buf_new(call->arena, MIB(1));
  buf_putc(&alerts, '[');
  buf_putc(&changes, '[');
  for (size_t i = 0; i < arrival->alert_ids.count; i++)
    buf_format(&alerts, "%s%lld", i ? "," : "", (long long)arrival->alert_ids.items[i]);
  for (size_t i = 0; i < arrival->change_ids.count; i++)
    buf_format(&changes, "%s%lld", i ? "," : "", (long long)arrival->change_ids.items[i]);
  buf_putc(&alerts, ']');
  buf_putc(&changes, ']');
  Str errors = n->error_count ? inbound_errors_json(call->arena, n->errors, n->error_count) : STR_NONE;
  return db_run(cycle->db, &DONE, err, db_int(stored->id), db_text(str_from_c(n->outcome)), db_text_or_null(errors),
                db_text(buf_str(&alerts)), db_text(buf_str(&changes))) &&
         api_answer_with(call, cycle->db, "request", stored->id, err);
}

/* The stored body through the present mapping, applied as if it came now. */
static bool replay(Call *call, Cycle *cycle, Error *err) {
  i64 id = 0;
  Stored stored = {0};
  Normalised n = {0};
  if (!api_resolve(call, cycle->db, "request", 0, &id, err) || !load_stored(call, cycle->db, id, &stored, err))
    return false;
  const SetupIntegration *in = setup_integration(setup_current(call->app->setup), stored.integration_id);
  if (!in || !in->spec) return fail(err, ERR_CONFLICT, "the request's integration or its template is gone");
  RawRequest raw = raw_of(call->arena, stored.method, stored.headers, stored.body, stored.received_ms);
  if (!spec_normalise(in->spec, call->arena, &raw, &in->settings, &n, err)) return false;
  Arrival *arrival = ARENA_NEW(call->arena, Arrival);
  *arrival = (Arrival){.arena = call->arena,
                       .id = stored.id,
                       .org_id = in->org_id,
                       .integration_id = in->id,
                       .received_ms = cycle->now_ms,
                       .events = n.events,
                       .event_count = n.event_count};
  if (n.event_count && !alerts_apply(cycle, &arrival, 1, err)) return false;
  return finish_replay(call, cycle, &stored, &n, arrival, err);
}

static bool preview_integration(Call *call, Db *db, const SetupIntegration **out, Error *err) {
  ApiCtx ctx = api_ctx(call, db, NULL);
  i64 id = 0;
  Str text = api_text(call, "integration_id");
  *out = NULL;
  if (text.len == 0)
    return fail_at(err, ERR_INVALID, "/integration_id",
                   "say whose payload it is: integration_id, or request_id of a stored request");
  if (!resource_resolve(&ctx.rc, registry_find(call->app->registry, S("integration")), text, &id, err)) return false;
  *out = setup_integration(call->setup, id);
  return *out || fail(err, ERR_NOT_FOUND, "there is no such integration");
}

bool api_stored_request(Call *call, Db *db, Str id_text, const SetupIntegration **out_integration, RawRequest *out,
                        Error *err) {
  ApiCtx ctx = api_ctx(call, db, NULL);
  Stored stored = {0};
  i64 id = 0;
  if (!resource_resolve(&ctx.rc, registry_find(call->app->registry, S("request")), id_text, &id, err) ||
      !load_stored(call, db, id, &stored, err))
    return false;
  *out_integration = setup_integration(call->setup, stored.integration_id);
  *out = raw_of(call->arena, stored.method, stored.headers, stored.body, clock_now(&call->app->clock));
  return *out_integration || fail(err, ERR_NOT_FOUND, "the request's integration is gone");
}

static bool preview_raw(Call *call, Db *db, const SetupIntegration **out_integration, RawRequest *out, Error *err) {
  Str request = api_text(call, "request_id");
  const Value *payload = value_get_c(&call->body, "payload"), *headers = value_get_c(&call->body, "headers");
  if (payload && payload->kind == VALUE_NULL) payload = NULL;
  i64 now = clock_now(&call->app->clock);
  if (request.len) return api_stored_request(call, db, request, out_integration, out, err);
  if (!payload)
    return fail_at(err, ERR_INVALID, "/payload",
                   "give a payload (the body as the sender would send it) or a request_id");
  if (!preview_integration(call, db, out_integration, err)) return false;
  Str body = payload->kind == VALUE_STRING ? value_text(payload) : json_text(call->arena, payload);
  *out = raw_of(call->arena, S("POST"), headers ? json_text(call->arena, headers) : S("{}"), body, now);
  return true;
}

static bool preview(Call *call, Db *db, Error *err) {
  const SetupIntegration *in = NULL;
  RawRequest raw;
  Normalised n = {0};
  if (!preview_raw(call, db, &in, &raw, err)) return false;
  if (!in->spec) return fail(err, ERR_CONFLICT, "the integration's template is gone");
  return spec_normalise(in->spec, call->arena, &raw, &in->settings, &n, err) &&
         alerts_preview(db, call->arena, call->app, call->setup, in, n.events, n.event_count,
                        clock_now(&call->app->clock), &call->answer, err);
}

/* What they take and answer --------------------------------------------------------------------------------------- */

static const Field REASON[] = {
    {.name = "reason", .kind = F_TEXT, .max = 1000, .doc = "Why; kept in the timeline.", .example = "Known issue"}};
static const Field SNOOZE[] = {
    {.name = "for_s", .kind = F_INT, .min = 1, .max = 31536000, .doc = "For so many seconds.", .example = "3600"},
    {.name = "until", .kind = F_TIME, .doc = "Until then, instead of for_s."},
    {.name = "for_me",
     .kind = F_BOOL,
     .doc = "True: only whoever asks is not told until then; the others are, and the page goes on. Else nobody is."},
    {.name = "reason", .kind = F_TEXT, .max = 1000, .doc = "Why; kept in the timeline."}};
static const Field ASSIGN[] = {
    {.name = "user_id", .kind = F_REF, .ref = "user", .doc = "Whose task it is from now on; null: nobody's."},
    {.name = "note",
     .kind = F_TEXT,
     .max = 16384,
     .doc = "For them; kept in the timeline.",
     .example = "Your deploy?"}};
static const Field NOTE[] = {
    {.name = "text", .kind = F_TEXT, .required = true, .max = 16384, .doc = "The note.", .example = "Looking into it"}};
static const Field PREVIEW[] = {
    {.name = "integration_id", .kind = F_REF, .ref = "integration", .doc = "Whose payload it is."},
    {.name = "request_id", .kind = F_REF, .ref = "request", .doc = "A stored request, instead of a payload."},
    {.name = "payload", .kind = F_JSON, .max = 1048576, .doc = "The body as the sender would send it."},
    {.name = "headers", .kind = F_LABELS, .doc = "As the sender would send them."}};

static const Field PLAN_ITEM = {.kind = F_JSON, .doc = "One run: rules with their results, pages, holds, outcome."};
static const Field PLANS[] = {
    {.name = "items", .kind = F_LIST, .of = &PLAN_ITEM, .required = true, .doc = "The newest first."},
    {.name = "alert", .kind = F_JSON, .doc = "What remains of an alert that is gone; absent while it is there."}};
static const Field OCCURRENCE_FIELDS[] = {
    {.name = "n", .kind = F_INT, .required = true, .doc = "1 is the first."},
    {.name = "received_at", .kind = F_TIME, .required = true, .doc = "When it came."},
    {.name = "occurred_at", .kind = F_TIME, .doc = "When it happened, says the sender."},
    {.name = "request_id", .kind = F_REF, .ref = "request", .required = true, .doc = "With which request."},
    {.name = "index", .kind = F_INT, .required = true, .doc = "Which element of the request."},
    {.name = "status", .kind = F_TEXT, .required = true, .doc = "triggered, acknowledged or resolved."},
    {.name = "late", .kind = F_BOOL, .required = true, .doc = "Recorded, not acted on."}};
static const Field OCCURRENCE_ITEM = {
    .kind = F_OBJECT, .required = true, FIELDS(OCCURRENCE_FIELDS), .doc = "One event."};
static const Field OCCURRENCES[] = {
    {.name = "items", .kind = F_LIST, .of = &OCCURRENCE_ITEM, .required = true, .doc = "In order."},
    {.name = "next_cursor", .kind = F_TEXT, .doc = "Always null: there are 1,000 at most."}};
static const Field PREVIEW_FIELDS[] = {
    {.name = "event", .kind = F_JSON, .required = true, .doc = "What the mapping made of it."},
    {.name = "alert", .kind = F_JSON, .required = true, .doc = "The alert it would make."},
    {.name = "explanation", .kind = F_JSON, .required = true, .doc = "What the rules would do."}};
static const Field PREVIEW_ITEM = {.kind = F_OBJECT, .required = true, FIELDS(PREVIEW_FIELDS), .doc = "One alert."};
static const Field PREVIEWS[] = {
    {.name = "items", .kind = F_LIST, .of = &PREVIEW_ITEM, .required = true, .doc = "One per alert in the payload."}};

const Route ALERT_ROUTES[] = {
    {HTTP_POST, "alerts/{id}/acknowledge", "alerts:write", .write = acknowledge, BODY(REASON), .answers = "alert",
     .doc = "Stops the paging of an alert."},
    {HTTP_POST, "alerts/{id}/unacknowledge", "alerts:write", .write = unacknowledge, BODY(REASON), .answers = "alert",
     .doc = "Restarts the page at level 1."},
    {HTTP_POST, "alerts/{id}/resolve", "alerts:write", .write = resolve, BODY(REASON), .answers = "alert",
     .doc = "Ends the alert."},
    {HTTP_POST, "alerts/{id}/dismiss", "alerts:write", .write = dismiss, BODY(REASON), .answers = "alert",
     .doc = "Says that it is not a problem."},
    {HTTP_POST, "alerts/{id}/reopen", "alerts:write", .write = reopen, BODY(REASON), .answers = "alert",
     .doc = "Begins a new episode."},
    {HTTP_POST, "alerts/{id}/snooze", "alerts:write", .write = snooze, BODY(SNOOZE), .answers = "alert",
     .doc = "Quiet until a time; then one page if still triggered."},
    {HTTP_POST, "alerts/{id}/unsnooze", "alerts:write", .write = unsnooze, BODY(REASON), .answers = "alert",
     .doc = "Ends your own snooze now: what still pages tells you again."},
    {HTTP_POST, "alerts/{id}/escalate", "alerts:write", .write = escalate, BODY(REASON), .answers = "alert",
     .doc = "Next level now."},
    {HTTP_POST, "alerts/{id}/assign", "alerts:write", .write = assign, BODY(ASSIGN), .answers = "alert",
     .doc = "Makes it somebody's task and tells them; paging goes on until somebody acknowledges."},
    {HTTP_POST, "alerts/{id}/note", "alerts:write", .write = note, BODY(NOTE), .answers = "alert",
     .doc = "Adds a note to the timeline."},
    {HTTP_GET, "alerts/{id}/explanation", "alerts:read", .read = explanation, WHOLE_LIST, ANSWER(PLANS),
     .doc = "Why it paged, or not: the last 10 runs of the rules."},
    {HTTP_GET, "alerts/{id}/occurrences", "alerts:read", .read = occurrences, WHOLE_LIST, ANSWER(OCCURRENCES),
     .doc = "The first 500 and the last 500 events."},
    {HTTP_POST, "alert-rules/preview", "alert-rules:read", .read = preview, BODY(PREVIEW), ANSWER(PREVIEWS),
     .doc = "What the rules would do with a payload; changes nothing."},
    {HTTP_POST, "requests/{id}/replay", "requests:write", .write = replay, .answers = "request",
     .doc = "Applies a stored request again through the present mapping."},
    {.path = NULL},
};
