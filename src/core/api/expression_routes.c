/* Trying expressions out, and what may be written where. Nothing is changed. */
#include "core/alerts/batch.h"
#include "core/api/internal.h"
#include "core/expressions/expressions.h"

/* The facts that rules see of an alert. */
static bool alert_context(Call *call, Db *db, Str text, Value *out, Error *err) {
  ApiCtx ctx = api_ctx(call, db, NULL);
  Alert alert = {0};
  i64 id = 0;
  bool found = false;
  if (!resource_resolve(&ctx.rc, registry_find(call->app->registry, S("alert")), text, &id, err) ||
      !alert_load(db, call->arena, id, &alert, &found, err))
    return false;
  if (!found || alert.org_id != call->org_id)
    return fail(err, ERR_NOT_FOUND, "there is no alert \"%.*s\"", STR_ARG(utf8_cut(text, 60)));
  *out = alert_facts(call->arena, call->setup, &alert, clock_now(&call->app->clock));
  return true;
}

/* The variables that mappings see at one element of a stored request. */
static bool request_context(Call *call, Db *db, Str text, Value *out, Error *err) {
  const SetupIntegration *in = NULL;
  RawRequest raw = {0};
  i64 element = value_int_or(value_get_c(&call->body, "element"), 0);
  if (element < 0 || element > UINT32_MAX)
    return fail_at(err, ERR_INVALID, "/element", "element is a number from 0: which of the request's elements");
  if (!api_stored_request(call, db, text, &in, &raw, err)) return false;
  if (!in->spec) return fail(err, ERR_CONFLICT, "the integration's template is gone");
  return spec_variables(in->spec, call->arena, &raw, &in->settings, (u32)element, out, err);
}

/* What is stored, under what the caller gives besides. */
static bool add_context(Call *call, const Value *stored, const char *place, Expression *e, Error *err) {
  MapBuilder map = map_builder(call->arena);
  for (u32 i = 0; i < stored->size; i++) map_put_value(&map, stored->members[i].key, stored->members[i].value);
  for (u32 i = 0; i < e->context.size; i++) map_put_value(&map, e->context.members[i].key, e->context.members[i].value);
  e->context = map_done(&map);
  return e->place || expression_place(str_from_c(place), &e->place, err);
}

static bool evaluate(Call *call, Db *db, Error *err) {
  Expression e = {.now_ms = clock_now(&call->app->clock)};
  Str request = api_text(call, "request_id"), alert = api_text(call, "alert_id");
  Value stored = value_null();
  if (!expression_read(call->arena, call->app->zones, &call->body, &e, err)) return false;
  if (request.len && alert.len) return fail_at(err, ERR_INVALID, "/alert_id", "give request_id or alert_id, not both");
  if ((request.len || alert.len) && e.context.kind != VALUE_MAP)
    return fail_at(err, ERR_INVALID, "/context", "context is an object here: it is put over what is stored");
  if (alert.len && (!alert_context(call, db, alert, &stored, err) || !add_context(call, &stored, "rule", &e, err)))
    return false;
  if (request.len &&
      (!request_context(call, db, request, &stored, err) || !add_context(call, &stored, "mapping", &e, err)))
    return false;
  call->answer = expression_evaluate(call->arena, call->app->zones, &e);
  return true;
}

static bool vocabulary(Call *call, Db *db, Error *err) {
  const ExpressionPlace *place = NULL;
  (void)db;
  if (!expression_place(value_text_or(value_get_c(&call->query, "place"), STR_NONE), &place, err)) return false;
  call->answer = expression_vocabulary(call->arena, call->app->zones, place);
  return true;
}

static const EnumValue LANGUAGES[] = {{"cel", 0, "An expression."},
                                      {"mustache", 1, "A template, with ${{ cel }} inside."},
                                      {"json_path", 2, "$.a.b[0], over the whole context."},
                                      {"json_pointer", 3, "/a/b/0, over the whole context."},
                                      {NULL, 0, NULL}};
static const EnumValue ESCAPES[] = {{"text", 0, "None."},       {"html", 1, "For HTML."},
                                    {"json", 2, "For JSON."},   {"url", 3, "For a part of a URL."},
                                    {"slack", 4, "For Slack."}, {NULL, 0, NULL}};
static const EnumValue PLACES[] = {{"rule", 0, "Conditions, groups and texts of alert rules."},
                                   {"mapping", 1, "Mappings of integrations, their overrides and filters."},
                                   {"message", 2, "Templates of messages to people."},
                                   {NULL, 0, NULL}};

static const Field EVALUATE[] = {
    {.name = "source", .kind = F_TEXT, .max = 262144, .nullable = true, .doc = "The expression, template or path."},
    {.name = "language", .kind = F_ENUM, .values = LANGUAGES, .def = "cel", .doc = "What it is written in."},
    {.name = "context", .kind = F_JSON, .max = 1048576, .doc = "An object whose members are the variables."},
    {.name = "request_id", .kind = F_REF, .ref = "request", .doc = "A stored request: what mappings see of it."},
    {.name = "element", .kind = F_INT, .min = 0, .max = 100000, .doc = "Which of its elements, from 0."},
    {.name = "alert_id", .kind = F_REF, .ref = "alert", .doc = "An alert: what rules see of it."},
    {.name = "place", .kind = F_ENUM, .values = PLACES, .nullable = true, .doc = "Check as it is checked there."},
    {.name = "escape", .kind = F_ENUM, .values = ESCAPES, .def = "text", .doc = "How a template escapes values."},
    {.name = "check", .kind = F_BOOL, .def = "true", .doc = "Look for unknown names and wrong types first."},
    {.name = "macros", .kind = F_BOOL, .def = "true", .doc = "Whether has(), all() and the like are macros."},
    {.name = "container", .kind = F_TEXT, .max = 200, .nullable = true, .doc = "Prefix of names, as CEL has it."},
    {.name = "time_zone",
     .kind = F_ZONE,
     .nullable = true,
     .doc = "Of times without offset.",
     .example = "Europe/Berlin"},
    {.name = "now", .kind = F_TIME, .nullable = true, .doc = "What now() says."}};
static const Field VOCABULARY_QUERY[] = {
    {.name = "place", .kind = F_ENUM, .values = PLACES, .nullable = true, .doc = "Only the variables of this one."}};

static const Field ERROR_FIELDS[] = {
    {.name = "code", .kind = F_TEXT, .required = true, .doc = "invalid, missing or too_costly."},
    {.name = "message", .kind = F_TEXT, .required = true, .doc = "What is wrong, and the way out."},
    {.name = "line", .kind = F_INT, .doc = "From 1."},
    {.name = "column", .kind = F_INT, .doc = "In characters, from 1."},
    {.name = "caret", .kind = F_TEXT, .doc = "The line, and below it a caret at the place."}};
static const Field EVALUATED[] = {
    {.name = "type", .kind = F_TEXT, .doc = "CEL's name of the value's type."},
    {.name = "value", .kind = F_JSON, .doc = "Bytes in base64, times as RFC 3339, durations as 3600s."},
    {.name = "cost", .kind = F_INT, .doc = "Steps of the budget."},
    {.name = "checked_type", .kind = F_TEXT, .doc = "What the checker knows before: list(string)."},
    {.name = "decided", .kind = F_TEXT, .doc = "Of a condition: the part that decided."},
    {.name = "error", .kind = F_OBJECT, FIELDS(ERROR_FIELDS), .doc = "Instead of type and value."}};
static const Field VARIABLE_FIELDS[] = {
    {.name = "name", .kind = F_TEXT, .required = true, .doc = "alert, alert.labels."},
    {.name = "type", .kind = F_TEXT, .required = true, .doc = "dyn when it can be anything."},
    {.name = "doc", .kind = F_TEXT, .doc = "What it is."}};
static const Field VARIABLE = {.kind = F_OBJECT, .required = true, FIELDS(VARIABLE_FIELDS), .doc = "A variable."};
static const Field PLACE_FIELDS[] = {
    {.name = "name", .kind = F_TEXT, .required = true, .doc = "rule, mapping or message."},
    {.name = "doc", .kind = F_TEXT, .required = true, .doc = "Where that is."},
    {.name = "variables", .kind = F_LIST, .of = &VARIABLE, .required = true, .doc = "What is known there."}};
static const Field PLACE = {.kind = F_OBJECT, .required = true, FIELDS(PLACE_FIELDS), .doc = "A place."};
static const Field SIGNATURE = {.kind = F_TEXT, .required = true, .doc = "string.startsWith(string) -> bool"};
static const Field FUNCTION_FIELDS[] = {
    {.name = "name", .kind = F_TEXT, .required = true, .doc = "startsWith, math.abs, &&."},
    {.name = "kind", .kind = F_TEXT, .required = true, .doc = "function, macro or operator."},
    {.name = "library", .kind = F_TEXT, .doc = "What it belongs to."},
    {.name = "signatures", .kind = F_LIST, .of = &SIGNATURE, .required = true, .doc = "How it is called."},
    {.name = "doc", .kind = F_TEXT, .doc = "What it does."}};
static const Field FUNCTION = {.kind = F_OBJECT, .required = true, FIELDS(FUNCTION_FIELDS), .doc = "A function."};
static const Field VOCABULARY[] = {
    {.name = "places", .kind = F_LIST, .of = &PLACE, .required = true, .doc = "Variables by place."},
    {.name = "functions", .kind = F_LIST, .of = &FUNCTION, .required = true, .doc = "The same everywhere."}};

const Route EXPRESSION_ROUTES[] = {
    {HTTP_POST, "expressions/evaluate", "expressions:read", .read = evaluate, BODY(EVALUATE), ANSWER(EVALUATED),
     .doc = "Evaluates an expression, template or path over a context, a stored request or an alert; changes nothing."},
    {HTTP_GET, "expressions/vocabulary", "expressions:read", .read = vocabulary, QUERY(VOCABULARY_QUERY),
     ANSWER(VOCABULARY), .doc = "The variables and functions that expressions may use, by place."},
    {.path = NULL},
};
