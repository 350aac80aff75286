/* /api/openapi.json: operations from the route tables and the doors of the resources, schemas from the field tables.
 * Nothing is written by hand but the words that hold for all of it. */
#include "core/api/openapi.h"
#include "core/api/bulk.h"

#include "core/identity/access.h"
#include "lang/json.h"

static Value list_one(Arena *arena, Value value) {
  return list_of(arena, &value, 1);
}

/* Operations ------------------------------------------------------------------------------------------------------ */

static bool has_body(const Operation *op) {
  if (op->resource) return op->verb == VERB_CREATE || op->verb == VERB_UPDATE;
  return op->route->body_count > 0 || op->route->bulk;
}

/* A verb on many takes what that on one takes, and which. */
static Field *body_fields(Doc *d, const Operation *op, size_t *out_count) {
  const Resource *resource = NULL;
  Str head, verb;
  if (!op->route->bulk) return *out_count = op->route->body_count, (Field *)(uintptr_t)op->route->body;
  (void)str_cut(op->path, '/', &head, &verb);
  return api_bulk_fields(d->arena, bulk_single(d->registry, head, verb, &resource), out_count);
}

static Value body_of(Doc *d, const Operation *op) {
  MapBuilder map = map_builder(d->arena);
  Value schema;
  bool required = op->resource != NULL;
  const char *type = op->verb == VERB_UPDATE ? "application/merge-patch+json" : "application/json";
  if (op->resource) {
    schema = schema_ref(d->arena,
                        schema_name(d->arena, op->resource, op->verb == VERB_CREATE ? SCHEMA_CREATE : SCHEMA_UPDATE));
  } else {
    Str name = str_format(d->arena, "%.*sBody", STR_ARG(schema_pascal(d->arena, op->id)));
    size_t count = 0;
    const Field *fields = body_fields(d, op, &count);
    schema_add(&d->schemas, name, schema_of_fields(&d->schemas, fields, count, SCHEMA_CREATE, name));
    schema = schema_ref(d->arena, name);
    required = op->route->bulk;
    for (size_t i = 0; i < count; i++) required = required || fields[i].required;
  }
  Value content = openapi_content(d->arena, "application/json", schema);
  if (op->verb == VERB_UPDATE) { /* either name of the type */
    MapBuilder both = map_builder(d->arena);
    map_put_c(&both, "application/json", openapi_one(d->arena, "schema", schema));
    map_put_c(&both, type, openapi_one(d->arena, "schema", schema));
    content = map_done(&both);
  }
  if (required) map_put_c(&map, "required", value_bool(true));
  map_put_c(&map, "content", openapi_with_example(d, content, false));
  return map_done(&map);
}

static const char *method_name(HttpMethod method) {
  return method == HTTP_GET ? "get" : method == HTTP_POST ? "post" : method == HTTP_PATCH ? "patch" : "delete";
}

/* The methods of one path stand together, in the order of the tables. */
static void put_operation(Doc *d, const Operation *op, Value operation) {
  Str path = str_format(d->arena, "/api/v1/%.*s", STR_ARG(op->path));
  MapBuilder methods = map_builder(d->arena);
  for (size_t i = 0; i < d->paths.count; i++)
    if (str_equal(value_text(&d->paths.members[i].key), path)) {
      const Value *known = &d->paths.members[i].value;
      for (u32 k = 0; k < known->size; k++)
        map_put(&methods, value_text(&known->members[k].key), known->members[k].value);
    }
  map_put_c(&methods, method_name(op->method), operation);
  map_put(&d->paths, path, map_done(&methods));
}

static void add_operation(Doc *d, const Operation *op, const Resource *of) {
  MapBuilder map = map_builder(d->arena);
  Value parameters = openapi_parameters(d, op, of);
  map_put_c(&map, "operationId", value_string(op->id));
  map_put_c(&map, "summary", value_string(op->summary));
  map_put_c(&map, "tags", list_one(d->arena, value_string(op->tag)));
  if (op->permission.len)
    map_put_c(&map, "x-permission", value_string(op->permission));
  else
    map_put_c(&map, "security", (Value){.kind = VALUE_LIST});
  if (parameters.size) map_put_c(&map, "parameters", parameters);
  if (has_body(op)) map_put_c(&map, "requestBody", body_of(d, op));
  map_put_c(&map, "responses", openapi_answers(d, op));
  put_operation(d, op, map_done(&map));
}

static Str underscored(Arena *arena, Str text) {
  char *copy = str_to_c(arena, text);
  for (char *c = copy; *c; c++)
    if (*c == '-' || *c == '/' || *c == '.') *c = '_';
  return (Str){copy, text.len};
}

static void add_delete_many(Doc *d, const Resource *r, const GenericDoor *door) {
  Operation op = {.method = door->method,
                  .path = str_format(d->arena, "%s/%s", r->plural, door->route.bulk),
                  .id = str_format(d->arena, "delete_%.*s", STR_ARG(underscored(d->arena, str_from_c(r->plural)))),
                  .summary = str_format(d->arena, "Deletes many of the %s.", r->plural),
                  .tag = str_from_c(r->plural),
                  .permission = str_format(d->arena, "%s:%s", r->plural, door->permission),
                  .route = &door->route};
  add_operation(d, &op, r);
}

static void add_resource_operations(Doc *d, const Resource *r) {
  static const char *const WORDS[][2] = {{"list", "Lists %s."},
                                         {"get", "One of the %s."},
                                         {"create", "Makes one of the %s."},
                                         {"update", "Changes one of the %s: a JSON merge patch."},
                                         {"delete", "Deletes one of the %s."}};
  for (size_t i = 0; i < API_GENERIC_DOOR_COUNT; i++) {
    const GenericDoor *door = &API_GENERIC_DOORS[i];
    if (!(r->verbs & door->verb)) continue;
    if (door->route.bulk) {
      add_delete_many(d, r, door);
      continue;
    }
    bool list = door->verb == VERB_LIST;
    Str what = underscored(d->arena, str_from_c(list ? r->plural : r->name));
    const char *words = WORDS[i][1];
    size_t place = str_find(str_from_c(words), S("%s"), 0);
    Str head = str_slice(str_from_c(words), 0, place),
        tail = str_slice(str_from_c(words), place + 2, str_from_c(words).len);
    Operation op = {
        .method = door->method,
        .path = str_format(d->arena, "%s%s", r->plural, door->with_id ? "/{id}" : ""),
        .id = str_format(d->arena, "%s_%.*s", WORDS[i][0], STR_ARG(what)),
        .summary = str_format(d->arena, "%.*s%s%.*s", STR_ARG(head), r->plural, STR_ARG(tail)),
        .tag = str_from_c(r->plural),
        .permission = str_format(d->arena, "%s:%s", r->plural, door->permission),
        .resource = r,
        .verb = door->verb,
    };
    add_operation(d, &op, r);
  }
}

/* "alerts/{id}/acknowledge" -> acknowledge_alert; "alerts/{id}/timeline" -> get_alert_timeline; "pages" ->
 * create_page; "alert-rules/preview" -> preview_alert_rules. */
static Str verb_id(Doc *d, const Route *route, const Resource *r) {
  Str head, rest = str_from_c(route->path), middle, verb;
  bool reads = route->method == HTTP_GET, more = str_cut(rest, '/', &head, &rest);
  Str plural = underscored(d->arena, head), single = r ? underscored(d->arena, str_from_c(r->name)) : plural;
  const char *act = reads ? "get" : route->method == HTTP_DELETE ? "delete" : "create";
  if (!more) return str_format(d->arena, "%s_%.*s", act, STR_ARG(reads ? plural : single));
  if (rest.len == 0 || rest.ptr[0] != '{') {
    Str word = rest, inner = STR_NONE;
    bool deeper = str_cut(rest, '/', &word, &inner);
    if (route->method == HTTP_POST && !deeper)
      return str_format(d->arena, "%.*s_%.*s", STR_ARG(underscored(d->arena, word)), STR_ARG(plural));
    return str_format(d->arena, "%s_%.*s_%.*s%s", act, STR_ARG(plural), STR_ARG(underscored(d->arena, word)),
                      deeper ? "_by_id" : "");
  }
  if (!str_cut(rest, '/', &middle, &verb)) return str_format(d->arena, "%s_%.*s", act, STR_ARG(single));
  Buf words = buf_new(d->arena, 200);
  for (bool last = false; !last;) { /* without further parameters */
    Str part;
    last = !str_cut(verb, '/', &part, &verb);
    if (part.len && part.ptr[0] != '{')
      buf_format(&words, "%s%.*s", words.len ? "_" : "", STR_ARG(underscored(d->arena, part)));
  }
  if (reads) return str_format(d->arena, "get_%.*s_%.*s", STR_ARG(single), STR_ARG(buf_str(&words)));
  return str_format(d->arena, "%s%.*s_%.*s", route->method == HTTP_DELETE ? "delete_" : "", STR_ARG(buf_str(&words)),
                    STR_ARG(single));
}

static Str permission_text(Arena *arena, const Route *route) {
  Permission p = {0};
  return api_wanted(route, &p) ? str_format(arena, "%.*s:%.*s", STR_ARG(p.area), STR_ARG(p.verb)) : STR_NONE;
}

/* A door that is open to whoever comes, and tells them apart itself, is no verb of a resource. */
static void add_route(Doc *d, const Route *route) {
  Str head = str_from_c(route->path), rest;
  (void)str_cut(head, '/', &head, &rest);
  const Resource *r = registry_plural(d->registry, head);
  Operation op = {.method = route->method,
                  .path = str_from_c(route->path),
                  .id = route->permission ? verb_id(d, route, r) : underscored(d->arena, str_from_c(route->path)),
                  .summary = str_from_c(route->doc),
                  .tag = head,
                  .permission = permission_text(d->arena, route),
                  .route = route};
  add_operation(d, &op, r);
}

static void add_verb_operations(Doc *d) {
  for (size_t t = 0; API_ROUTE_TABLES[t]; t++)
    for (const Route *route = API_ROUTE_TABLES[t]; route->path; route++) add_route(d, route);
  for (const Route *route = SIGN_IN_ROUTES; route->path; route++) add_route(d, route);
}

/* The caller's own organization, without its id. */
static void add_own_organization(Doc *d) {
  const Resource *r = registry_find(d->registry, S("organization"));
  if (!r) return;
  for (size_t i = 0; i < API_GENERIC_DOOR_COUNT; i++) {
    const GenericDoor *door = &API_GENERIC_DOORS[i];
    if (door->verb != VERB_READ && door->verb != VERB_UPDATE) continue;
    bool reads = door->verb == VERB_READ;
    Operation op = {.method = door->method,
                    .path = S("organization"),
                    .id = reads ? S("get_own_organization") : S("update_own_organization"),
                    .summary = reads ? S("The caller's organization.") : S("Changes the caller's organization."),
                    .tag = S("organizations"),
                    .permission = str_format(d->arena, "%s:%s", r->plural, door->permission),
                    .resource = r,
                    .verb = door->verb};
    add_operation(d, &op, r);
  }
}

/* The whole ------------------------------------------------------------------------------------------------------- */

static Value info(Doc *d) {
  MapBuilder map = map_builder(d->arena);
  map_put_c(&map, "title", value_c("Tocsin"));
  map_put_c(&map, "version", value_c("1"));
  map_put_c(&map, "summary", value_c("Alerts, pages, incidents: one self-hosted program."));
  map_put_c(&map, "description",
            value_c("Wherever an id is taken, the slug, the number (INC-42) or, for users, the e-mail is taken too; "
                    "answers carry ids. Times are RFC 3339; milliseconds since 1970 are taken too. PATCH is a JSON "
                    "merge patch (RFC 7386). Errors are problem+json (RFC 9457). POST alerts/acknowledge does to many "
                    "what POST alerts/{id}/acknowledge does to one, and so for other verbs and for delete: which ones "
                    "say ids or filter (CEL, as in lists). Each is checked and written for itself and has its outcome "
                    "in the answer, so that one refusal keeps no other waiting. More than 500 rows are answered with "
                    "202 and a job; GET jobs/{id} and the stream tell how far it is. The same Idempotency-Key within "
                    "24 hours does it once. Every answer has an X-Request-Id."));
  return map_done(&map);
}

static Value security_schemes(Doc *d) {
  MapBuilder key = map_builder(d->arena), cookie = map_builder(d->arena), both = map_builder(d->arena);
  map_put_c(&key, "type", value_c("http"));
  map_put_c(&key, "scheme", value_c("bearer"));
  map_put_c(&key, "description", value_c("An API key: tk_..."));
  map_put_c(&cookie, "type", value_c("apiKey"));
  map_put_c(&cookie, "in", value_c("cookie"));
  map_put_c(&cookie, "name", value_c("tocsin_session"));
  map_put_c(&cookie, "description", value_c("A browser's; writes need an Origin of Tocsin's own page."));
  map_put_c(&both, "bearer", map_done(&key));
  map_put_c(&both, "session", map_done(&cookie));
  return map_done(&both);
}

static Value security(Doc *d) {
  Value nothing = {.kind = VALUE_LIST};
  Value either[] = {openapi_one(d->arena, "bearer", nothing), openapi_one(d->arena, "session", nothing)};
  return list_of(d->arena, either, COUNT(either));
}

static Value tags(Doc *d) {
  ValueVec list = {0};
  for (size_t i = 0; i < registry_count(d->registry); i++) {
    const Resource *r = registry_at(d->registry, i);
    MapBuilder map = map_builder(d->arena);
    map_put_c(&map, "name", value_c(r->plural));
    map_put_c(&map, "description", value_c(r->doc));
    *VEC_PUSH(d->arena, &list) = map_done(&map);
  }
  return list_done(&list);
}

Value api_openapi_value(Arena *arena, const Registry *registry) {
  Doc d = {.arena = arena, .registry = registry, .schemas = schemas_new(arena, registry), .paths = map_builder(arena)};
  MapBuilder map = map_builder(arena), components = map_builder(arena);
  for (size_t i = 0; i < registry_count(registry); i++) schema_add_resource(&d.schemas, registry_at(registry, i));
  schema_add(&d.schemas, S("Problem"), openapi_problem_schema(&d));
  for (size_t i = 0; i < registry_count(registry); i++) add_resource_operations(&d, registry_at(registry, i));
  add_own_organization(&d);
  add_verb_operations(&d);
  map_put_c(&components, "schemas", schemas_done(&d.schemas));
  map_put_c(&components, "responses", openapi_problems(&d));
  map_put_c(&components, "securitySchemes", security_schemes(&d));
  map_put_c(&map, "openapi", value_c("3.1.0"));
  map_put_c(&map, "info", info(&d));
  map_put_c(&map, "servers", list_one(arena, openapi_one(arena, "url", value_c("/"))));
  map_put_c(&map, "security", security(&d));
  map_put_c(&map, "tags", tags(&d));
  map_put_c(&map, "paths", map_done(&d.paths));
  map_put_c(&map, "components", map_done(&components));
  return map_done(&map);
}

Str api_openapi(Arena *arena, const Registry *registry) {
  Arena *scratch = arena_new();
  Value doc = api_openapi_value(scratch, registry);
  Str text = str_copy(arena, json_text(scratch, &doc));
  arena_free(scratch);
  return text;
}
