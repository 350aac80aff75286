/* /in/{key}: head (key, limits), body (signature, parse, normalise), then the engine's inbox. Answered after the
 * commit. A body with a good key and signature that is not taken opens one p2 alert per integration, resolved by the
 * next good one. */
#include <stdlib.h>

#include "core/alerts/alerts.h"
#include "core/server/inbound_internal.h"
#include "lang/json.h"

enum { LARGE_BODY = 256 * 1024, WARNINGS_MAX = 32 };
static const Str NOT_UNDERSTOOD_KEY = STR("tocsin/not-understood");

/* What on_head leaves for later. The picture is held until the answer. */
typedef struct Inbound {
  App *app;
  HttpRequest *request;
  const Setup *setup;
  const SetupIntegration *integration;
  InboundAnswer answer;
  const char *vendor_answer;
  Str confirm_url;
  Error refusal;              /* not taken: answered with this after it is logged */
  bool refused, resolves_bad; /* resolves_bad: tells, when it is on disk, that its source is understood again */
} Inbound;

/* Head ------------------------------------------------------------------------------------------------------------ */

static const char NOT_FOUND_BODY[] = "{\"type\":\"about:blank\",\"title\":\"Not "
                                     "Found\",\"status\":404,\"detail\":\"there is no integration with this key\"}";
static const char DISABLED_BODY[] = "{\"type\":\"about:blank\",\"title\":\"Forbidden\",\"status\":403,\"detail\":\"the "
                                    "integration is disabled; enable it to take its requests\"}";

const SetupIntegration *inbound_integration(const Setup *setup, Str key, HttpHeadVerdict *verdict) {
  const SetupIntegration *found = setup_integration_by_key(setup, key);
  if (found && found->enabled) return found;
  Str body = found ? S(DISABLED_BODY) : S(NOT_FOUND_BODY);
  verdict->respond = true;
  verdict->response =
      (HttpResponse){.status = found ? 403 : 404, .content_type = "application/problem+json", .body = body};
  return NULL;
}

static void give_setup(void *setup) {
  setup_give(setup);
}

bool inbound_begin(App *app, HttpRequest *request, Str key, HttpHeadVerdict *verdict) {
  Inbound *in = ARENA_NEW(request->arena, Inbound);
  *in = (Inbound){.app = app, .request = request, .setup = setup_take(app->setup)};
  arena_defer(request->arena, give_setup, (void *)(uintptr_t)in->setup);
  in->integration = inbound_integration(in->setup, key, verdict);
  request->user = in;
  return in->integration != NULL;
}

const SetupIntegration *inbound_of(const HttpRequest *request) {
  return ((const Inbound *)request->user)->integration;
}

SetupDefaults inbound_defaults(const HttpRequest *request) {
  const Inbound *in = request->user;
  const SetupOrg *org = setup_org(in->setup, in->integration->org_id);
  Value none = value_null();
  return org ? org->defaults : setup_defaults(&none);
}

/* The template's limit; where that is the usual one, the organization's. */
static size_t body_bytes_max(const Inbound *in) {
  const SetupOrg *org = setup_org(in->setup, in->integration->org_id);
  size_t max = in->integration->spec ? spec_body_bytes_max(in->integration->spec) : MIB(1);
  return max == MIB(1) && org ? (size_t)org->defaults.body_bytes : max;
}

static void in_head(App *app, HttpRequest *request, HttpHeadVerdict *verdict) {
  Str key = str_slice(request->path, 4, request->path.len);
  if (request->method != HTTP_POST && request->method != HTTP_PUT && request->method != HTTP_GET) {
    verdict->respond = true;
    verdict->response = (HttpResponse){.status = 405};
    return;
  }
  if (!inbound_begin(app, request, key, verdict)) return;
  verdict->body_bytes_max = body_bytes_max(request->user);
}

/* Rows ------------------------------------------------------------------------------------------------------------ */

static bool is_secret_header(Arena *arena, Str name) {
  static const Str WORDS[] = {STR("authorization"), STR("signature"), STR("token"),   STR("secret"),
                              STR("cookie"),        STR("key"),       STR("password")};
  Str lower = str_lower(arena, name);
  for (size_t i = 0; i < COUNT(WORDS); i++)
    if (str_find(lower, WORDS[i], 0) != SIZE_MAX) return true;
  return false;
}

static Str headers_json(Arena *arena, const HttpRequest *request) {
  Buf buf = buf_new(arena, KIB(64));
  buf_putc(&buf, '{');
  for (size_t i = 0; i < request->header_count; i++) {
    const HttpHeader *header = &request->headers[i];
    if (i) buf_putc(&buf, ',');
    json_write_string(&buf, utf8_clean(arena, header->name));
    buf_putc(&buf, ':');
    json_write_string(&buf, is_secret_header(arena, header->name) ? S("(hidden)") : utf8_clean(arena, header->value));
  }
  buf_putc(&buf, '}');
  return buf_str(&buf);
}

Str inbound_errors_json(Arena *arena, const ElementError *errors, size_t count) {
  Buf buf = buf_new(arena, MIB(1));
  buf_putc(&buf, '[');
  for (size_t i = 0; i < count; i++) {
    buf_format(&buf, "%s{\"index\":%lld,\"reason\":", i ? "," : "", (long long)errors[i].index);
    json_write_string(&buf, str_from_c(errors[i].reason));
    buf_putc(&buf, '}');
  }
  buf_putc(&buf, ']');
  return buf_str(&buf);
}

static Arrival *new_arrival(Inbound *in, bool with_body) {
  HttpRequest *request = in->request;
  const SetupOrg *org = setup_org(in->setup, in->integration->org_id);
  Arrival *arrival = ARENA_NEW(request->arena, Arrival);
  *arrival = (Arrival){.answer_kept_ms = org ? org->defaults.idempotency_s * 1000 : DAY_MS,
                       .arena = request->arena,
                       .id = id_next(&in->app->ids),
                       .org_id = in->integration->org_id,
                       .integration_id = in->integration->id,
                       .received_ms = clock_now(&in->app->clock),
                       .method = request->method_text,
                       .headers = headers_json(request->arena, request),
                       .body = with_body ? body_pack(request->arena, request->body) : STR_NONE,
                       .body_bytes = (i64)request->body.len,
                       .outcome = "accepted",
                       .ctx = in};
  return arrival;
}

/* Answers --------------------------------------------------------------------------------------------------------- */

static Str accepted_body(Arena *arena, const Arrival *arrival) {
  Buf buf = buf_new(arena, MIB(2));
  buf_puts(&buf, "{\"request_id\":");
  json_write_string(&buf, id_text(arena, "req", arrival->id));
  buf_format(&buf, ",\"status\":\"%s\",\"errors\":", arrival->outcome);
  buf_put(&buf, arrival->errors.ptr ? arrival->errors : S("[]"));
  if (arrival->warnings.len) {
    buf_puts(&buf, ",\"warnings\":");
    buf_put(&buf, arrival->warnings);
  }
  buf_putc(&buf, '}');
  return buf_str(&buf);
}

static void respond_unavailable(App *app, HttpRequest *request, const char *detail) {
  HttpHeader retry = {S("Retry-After"), S("5")};
  Str body = str_format(request->arena,
                        "{\"type\":\"about:blank\",\"title\":\"Service Unavailable\",\"status\":503,\"detail\":\"%s\"}",
                        detail);
  HttpResponse response = {
      .status = 503, .content_type = "application/problem+json", .headers = &retry, .header_count = 1, .body = body};
  http_respond(app->http, request, &response);
}

static void arrived(Arrival *arrival, bool ok, const Error *err) {
  Inbound *in = arrival->ctx;
  (void)err;
  if (!ok && in->resolves_bad) bad_sources_put(in->app, in->integration->id); /* not on disk: the next one tells */
  if (!ok) {
    respond_unavailable(in->app, in->request, "the storage is not writable; nothing was taken, send it again");
  } else if (in->refused) {
    http_respond_error(in->app->http, in->request, &in->refusal);
  } else if (in->answer) {
    in->answer(in->app, in->request, arrival);
  } else {
    HttpResponse response = {.status = 202,
                             .content_type = "application/json",
                             .body = arrival->duplicate ? arrival->stored_answer : arrival->answer};
    http_respond(in->app->http, in->request, &response);
  }
}

static void send_to_engine(Inbound *in, Arrival *arrival) {
  arrival->done = arrived;
  arrival->answer = accepted_body(arrival->arena, arrival);
  switch (engine_arrive(in->app->engine, arrival)) {
  case ARRIVAL_TAKEN: return;
  case ARRIVAL_TOO_OLD:
    respond_unavailable(in->app, in->request, "this integration's backlog is older than 30 s; send it again later");
    return;
  case ARRIVAL_QUEUE_FULL:
  case ARRIVAL_STOPPING:
    respond_unavailable(in->app, in->request, "the queue is full or the server is stopping; send it again");
    return;
  }
}

/* Taking ---------------------------------------------------------------------------------------------------------- */

static Event not_understood(const SetupIntegration *integration, Str why) {
  Event event = {.kind = EVENT_ALERT,
                 .status = why.ptr ? EVENT_TRIGGERED : EVENT_RESOLVED,
                 .priority = why.ptr ? 2 : 0,
                 .dedup_key = NOT_UNDERSTOOD_KEY,
                 .description = why,
                 .source = S("tocsin"),
                 .labels = {.kind = VALUE_MAP},
                 .own = true};
  if (why.ptr) event.title = integration->name; /* the alert counts: "3 messages from NAME were not understood" */
  return event;
}

static void add_event(Arrival *arrival, Event event) {
  Event *events = ARENA_ARRAY(arrival->arena, Event, arrival->event_count + 1);
  const Event *have = arrival->events;
  for (size_t i = 0; i < arrival->event_count; i++) events[i] = have[i];
  events[arrival->event_count++] = event;
  arrival->events = events;
}

/* A body that was taken only in part opens the alert as well; the next one that is taken whole resolves it. */
static void judge(App *app, Arrival *arrival, const InboundTake *take) {
  const Normalised *n = take->normalised;
  if (n->error_count) {
    add_event(arrival, not_understood(take->integration, str_from_c(n->errors[0].reason)));
    bad_sources_put(app, take->integration->id);
  } else if (bad_sources_take(app, take->integration->id)) {
    ((Inbound *)arrival->ctx)->resolves_bad = true;
    add_event(arrival, not_understood(take->integration, STR_NONE));
  }
}

/* A service that an event names and nobody knows: it goes to the integration's default, which may be nobody's. */
static void warn_of_services(Inbound *in, const Normalised *n, ValueVec *warnings) {
  Arena *arena = in->request->arena;
  Str before = STR_NONE;
  for (size_t i = 0; i < n->event_count && warnings->count < WARNINGS_MAX; i++) {
    Str name = n->events[i].service;
    bool ambiguous = false;
    if (name.len == 0 || str_equal(name, before)) continue;
    before = name;
    if (setup_service_named(in->setup, in->integration->org_id, name, &ambiguous)) continue;
    Value text = value_string(str_format(arena,
                                         ambiguous ? "more than one service is called \"%.*s\": none was taken"
                                                   : "there is no service \"%.*s\"; make it, or give one this alias",
                                         STR_ARG(utf8_cut(name, 100))));
    bool there = false;
    for (size_t k = 0; k < warnings->count; k++) there = there || value_equal(&warnings->items[k], &text);
    if (!there) *VEC_PUSH(arena, warnings) = text;
  }
}

static Str warnings_json(Inbound *in, const Normalised *n) {
  Arena *arena = in->request->arena;
  ValueVec warnings = {0};
  for (size_t i = 0; i < n->warning_count; i++) *VEC_PUSH(arena, &warnings) = value_string(n->warnings[i]);
  warn_of_services(in, n, &warnings);
  Value list = list_done(&warnings);
  return warnings.count ? json_text(arena, &list) : STR_NONE;
}

typedef struct Confirm {
  Command command;
  Arena *arena;
  i64 org_id, integration_id;
  Str url;
} Confirm;

static bool confirm_add_job(Command *command, Cycle *cycle, Error *err) {
  Confirm *confirm = (Confirm *)command;
  Buf data = buf_new(cycle->arena, KIB(16));
  buf_puts(&data, "{\"url\":");
  json_write_string(&data, confirm->url);
  buf_putc(&data, '}');
  JobNew job = {.kind = "inbound.confirm",
                .org_id = confirm->org_id,
                .subject_id = confirm->integration_id,
                .due_ms = cycle->now_ms,
                .data = buf_str(&data)};
  return job_add(cycle, &job, err);
}

static void confirm_done(Command *command, bool ok, const Error *err) {
  if (!ok) log_warn("inbound", "a subscription could not be confirmed: %s", err->message);
  arena_free(((Confirm *)command)->arena);
}

static void plan_confirmation(App *app, const SetupIntegration *integration, Str url) {
  Arena *arena = arena_new();
  Confirm *confirm = ARENA_NEW(arena, Confirm);
  *confirm = (Confirm){.command = {.run = confirm_add_job, .done = confirm_done},
                       .arena = arena,
                       .org_id = integration->org_id,
                       .integration_id = integration->id,
                       .url = str_copy(arena, url)};
  if (!engine_submit(app->engine, &confirm->command)) arena_free(arena);
}

void inbound_take(App *app, HttpRequest *request, const InboundTake *take) {
  Inbound *in = request->user;
  const Normalised *n = take->normalised;
  in->integration = take->integration;
  in->answer = take->answer;
  Arrival *arrival = new_arrival(in, true);
  arrival->outcome = n->outcome;
  arrival->events = n->events;
  arrival->event_count = n->event_count;
  if (n->error_count) arrival->errors = inbound_errors_json(request->arena, n->errors, n->error_count);
  Str key = http_header(request, "Idempotency-Key");
  arrival->idempotency_key = key.len && key.len <= 255 ? key : take->delivery_id;
  arrival->warnings = warnings_json(in, n);
  judge(app, arrival, take);
  if (n->confirm_url.len) plan_confirmation(app, take->integration, n->confirm_url);
  send_to_engine(in, arrival);
}

void inbound_refuse(App *app, HttpRequest *request, const SetupIntegration *integration, const Error *why,
                    bool trusted) {
  Inbound *in = request->user;
  in->refused = true;
  in->refusal = *why;
  in->integration = integration;
  Arrival *arrival = new_arrival(in, trusted);
  arrival->outcome = why->code == ERR_UNPROCESSABLE ? "unmapped" : "rejected";
  ElementError whole = {.index = -1};
  Str reason = utf8_cut(str_from_c(why->message), sizeof whole.reason - 1);
  for (size_t i = 0; i < reason.len; i++) whole.reason[i] = reason.ptr[i];
  arrival->errors = inbound_errors_json(request->arena, &whole, 1);
  if (trusted) {
    Str reason_text = str_copy(request->arena, str_from_c(why->message));
    add_event(arrival, not_understood(integration, reason_text));
    bad_sources_put(app, integration->id);
  }
  send_to_engine(in, arrival);
}

/* Body ------------------------------------------------------------------------------------------------------------ */

bool raw_request_of(Arena *arena, const HttpRequest *request, RawRequest *out) {
  Str *names = ARENA_ARRAY(arena, Str, request->header_count + 1),
      *values = ARENA_ARRAY(arena, Str, request->header_count + 1);
  for (size_t i = 0; i < request->header_count; i++) {
    names[i] = str_lower(arena, request->headers[i].name);
    values[i] = utf8_clean(arena, request->headers[i].value);
  }
  *out = (RawRequest){.method = request->method_text,
                      .path = request->path,
                      .query = request->query,
                      .header_names = names,
                      .header_values = values,
                      .header_count = request->header_count,
                      .body = request->body,
                      .content_type = http_header(request, "Content-Type"),
                      .received_ms = request->received_ms};
  return true;
}

static void normalise(Inbound *in, const RawRequest *raw) {
  Error err = {0};
  Normalised *n = ARENA_NEW(in->request->arena, Normalised);
  const SetupIntegration *integration = in->integration;
  if (!spec_normalise(integration->spec, in->request->arena, raw, &integration->settings, n, &err)) {
    inbound_refuse(in->app, in->request, integration, &err, true);
    return;
  }
  InboundTake take = {.integration = integration, .normalised = n, .delivery_id = n->delivery_id};
  inbound_take(in->app, in->request, &take);
}

static void process(void *ctx) {
  Inbound *in = ctx;
  RawRequest raw;
  Error err = {0};
  Str fetch = STR_NONE;
  if (!in->integration->spec) {
    fail(&err, ERR_UNPROCESSABLE, "the integration's template \"%.*s\" is not in the catalog",
         STR_ARG(in->integration->template_name));
    inbound_refuse(in->app, in->request, in->integration, &err, true);
    return;
  }
  if (!raw_request_of(in->request->arena, in->request, &raw)) return;
  if (!spec_authenticate(in->integration->spec, in->request->arena, &raw, &in->integration->settings, &fetch, &err)) {
    inbound_refuse(in->app, in->request, in->integration, &err, false);
    return;
  }
  if (fetch.len && !certificate_check(in->app, in->request, in->integration, &raw, fetch, process, in, &err)) {
    if (err.code != ERR_NONE) inbound_refuse(in->app, in->request, in->integration, &err, false);
    return; /* it is being fetched and comes back here */
  }
  normalise(in, &raw);
}

static void in_request(App *app, HttpRequest *request) {
  Inbound *in = request->user;
  if (request->body.len < LARGE_BODY || !workers_do(app->workers, process, in)) process(in);
}

/* Too large to read: the good key suffices for the alert, unless the integration has a secret; then only the log. */
void inbound_too_large(App *app, HttpRequest *request) {
  Inbound *in = request->user;
  Error err = {0};
  if (!in || !in->integration) {
    respond_text(app, request, 413, NULL, STR_NONE);
    return;
  }
  fail(&err, ERR_TOO_LARGE, "the body is larger than %zu bytes, the most that %.*s may send", body_bytes_max(in),
       STR_ARG(in->integration->name));
  inbound_refuse(app, request, in->integration, &err, in->integration->secret.len == 0);
}

const Door INBOUND_DOORS[] = {
    {.prefix = "/in/", .head = in_head, .request = in_request, .too_large = inbound_too_large},
    {.prefix = NULL},
};
