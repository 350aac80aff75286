/* What goes wrong, in the OpenAPI document: one answer for each status, with an example of what it says. */
#include "core/api/openapi.h"

static const struct ProblemKind {
  const char *status, *name, *doc, *code, *detail;
  const char *pointer; /* of the example's errors[]; NULL: none */
  const char *error;   /* its code */
} PROBLEMS[] = {
    {"400", "Invalid", "Something in the request is wrong: detail says what, errors names each member.", "invalid",
     "name is required", "/name", "required"},
    {"401", "Unauthorized", "No key, or one that is not known, or has expired.", "unauthorized",
     "this needs an API key: send \"Authorization: Bearer tk_...\"", NULL, NULL},
    {"403", "Forbidden", "Seen, but not allowed.", "forbidden", "Ann (viewer) may not acknowledge alerts", NULL, NULL},
    {"404", "NotFound", "There is no such thing, or the caller may not see it.", "not_found",
     "there is no alert \"ALERT-99\"", NULL, NULL},
    {"409", "Conflict", "It does not fit what is there: taken, or still referred to.", "conflict",
     "this team is still used by service checkout (team_id); change or delete that first", NULL, NULL},
    {"412", "PreconditionFailed", "If-Match names another version than the present one.", "precondition_failed",
     "this service has version 4, not 3: read it again, and apply the change to what it is now", NULL, NULL},
    {"413", "TooLarge", "The body is larger than 1 MiB.", "too_large", "the body is larger than this path takes", "",
     "too_large"},
    {"414", "UriTooLong", "The path and query are longer than the server reads.", "malformed",
     "the request's target is longer than 8 KiB", "", "malformed"},
    {"422", "Unprocessable", "Understood, but it cannot be done with what is stored.", "unprocessable",
     "the Idempotency-Key \"k1\" was used here with another body within the last 24 hours; choose another", NULL, NULL},
    {"429", "Limited", "More requests than the key or the address may make; Retry-After says when to come again.",
     "rate_limited", "this API key made more than 600 requests within a minute; the next one is possible in 3 s", NULL,
     NULL},
    {"431", "HeadTooLarge", "The headers are larger than the server reads.", "malformed",
     "the request's head is longer than 16 KiB", "", "malformed"},
    {"500", "Internal", "A defect of ours: the log has more under the request's id.", "internal",
     "the database answered what nobody expected", NULL, NULL},
    {"503", "Unavailable", "Overload, or the storage cannot be written; Retry-After says when to come again.",
     "unavailable", "the server is stopping or its queue is full; try again", NULL, NULL},
};

static int status_of(const struct ProblemKind *kind) {
  return (kind->status[0] - '0') * 100 + (kind->status[1] - '0') * 10 + kind->status[2] - '0';
}

void openapi_problem_answers(Doc *d, const Operation *op, MapBuilder *out) {
  bool writes = op->method != HTTP_GET;
  for (size_t i = 0; i < COUNT(PROBLEMS); i++) {
    int status = status_of(&PROBLEMS[i]);
    if (!writes && (status == 409 || status == 412 || status == 413) && !(op->route && op->route->body)) continue;
    Str ref = str_format(d->arena, "#/components/responses/%s", PROBLEMS[i].name);
    map_put_c(out, PROBLEMS[i].status, openapi_one(d->arena, "$ref", value_string(ref)));
  }
}

Value openapi_problem_schema(Doc *d) {
  static const Field ERROR_FIELDS[] = {
      {.name = "pointer", .kind = F_TEXT, .required = true, .doc = "JSON pointer of the wrong member."},
      {.name = "code", .kind = F_TEXT, .required = true, .doc = "What kind of mistake: required, unknown, type, ..."},
      {.name = "message", .kind = F_TEXT, .required = true, .doc = "What was wrong, and what to do."}};
  static const Field ERROR_ITEM = {.kind = F_OBJECT, .required = true, FIELDS(ERROR_FIELDS), .doc = "One mistake."};
  static const Field FIELDS_OF[] = {
      {.name = "type", .kind = F_TEXT, .required = true, .doc = "about:blank: the status says it."},
      {.name = "title", .kind = F_TEXT, .required = true, .doc = "The status in words."},
      {.name = "status", .kind = F_INT, .required = true, .doc = "The status."},
      {.name = "code", .kind = F_TEXT, .required = true, .doc = "For programs: invalid, not_found, conflict, ..."},
      {.name = "detail", .kind = F_TEXT, .required = true, .doc = "What was wrong, and what to do."},
      {.name = "context", .kind = F_TEXT, .required = true, .doc = "More lines, such as an expression with a caret."},
      {.name = "request_id", .kind = F_TEXT, .required = true, .doc = "X-Request-Id: names it in the server's log."},
      {.name = "errors", .kind = F_LIST, .of = &ERROR_ITEM, .doc = "Every wrong member."}};
  Value schema = schema_of_fields(&d->schemas, FIELDS_OF, COUNT(FIELDS_OF), SCHEMA_READ, S("Problem"));
  MapBuilder map = map_builder(d->arena);
  for (u32 i = 0; i < schema.size; i++) {
    Str name = value_text(&schema.members[i].key);
    if (!str_equal_c(name, "required")) map_put(&map, name, schema.members[i].value);
  }
  ValueVec required = {0};
  for (size_t i = 0; i < COUNT(FIELDS_OF); i++)
    if (!str_equal_c(S("context"), FIELDS_OF[i].name)) *VEC_PUSH(d->arena, &required) = (value_c(FIELDS_OF[i].name));
  map_put_c(&map, "required", list_done(&required));
  return map_done(&map);
}

static Value example_errors(Doc *d, const struct ProblemKind *kind) {
  MapBuilder map = map_builder(d->arena);
  if (!kind->pointer) return (Value){.kind = VALUE_LIST};
  map_put_c(&map, "pointer", value_c(kind->pointer));
  map_put_c(&map, "code", value_c(kind->error));
  map_put_c(&map, "message", value_c(kind->detail));
  Value one = map_done(&map);
  return list_of(d->arena, &one, 1);
}

static Value example_of(Doc *d, const struct ProblemKind *kind) {
  MapBuilder map = map_builder(d->arena);
  map_put_c(&map, "type", value_c("about:blank"));
  map_put_c(&map, "title", value_c(api_problem_title(status_of(kind))));
  map_put_c(&map, "status", value_int(status_of(kind)));
  map_put_c(&map, "code", value_c(kind->code));
  map_put_c(&map, "detail", value_c(kind->detail));
  map_put_c(&map, "request_id", value_c("4bf92f3577b34da6"));
  map_put_c(&map, "errors", example_errors(d, kind));
  return map_done(&map);
}

static Value header(Doc *d, const char *doc, const char *type) {
  MapBuilder map = map_builder(d->arena);
  map_put_c(&map, "description", value_c(doc));
  map_put_c(&map, "schema", openapi_one(d->arena, "type", value_c(type)));
  return map_done(&map);
}

static Value problem_headers(Doc *d, int status) {
  MapBuilder map = map_builder(d->arena);
  map_put_c(&map, "X-Request-Id", header(d, "The request's name: the client's own when it is sane.", "string"));
  if (status == 429 || status == 503) map_put_c(&map, "Retry-After", header(d, "So many seconds from now.", "integer"));
  if (status == 429) {
    map_put_c(&map, "RateLimit-Limit", header(d, "Requests a minute.", "integer"));
    map_put_c(&map, "RateLimit-Remaining", header(d, "So many may come at once.", "integer"));
    map_put_c(&map, "RateLimit-Reset", header(d, "So many seconds until all may come again.", "integer"));
  }
  return map_done(&map);
}

Value openapi_problems(Doc *d) {
  MapBuilder map = map_builder(d->arena);
  for (size_t i = 0; i < COUNT(PROBLEMS); i++) {
    MapBuilder answer = map_builder(d->arena), content = map_builder(d->arena);
    map_put_c(&content, "schema", schema_ref(d->arena, S("Problem")));
    map_put_c(&content, "example", example_of(d, &PROBLEMS[i]));
    map_put_c(&answer, "description", value_c(PROBLEMS[i].doc));
    map_put_c(&answer, "headers", problem_headers(d, status_of(&PROBLEMS[i])));
    map_put_c(&answer, "content", openapi_one(d->arena, "application/problem+json", map_done(&content)));
    map_put_c(&map, PROBLEMS[i].name, map_done(&answer));
  }
  return map_done(&map);
}
