/* Who may do what, and people who leave. */
#include "core/api/internal.h"
#include "core/identity/access.h"

/* Permissions ------------------------------------------------------------------------------------------------------ */

static const char *const SCOPE_WORDS[] = {
    [ROWS_NONE] = "none", [ROWS_OWN] = "own", [ROWS_LED] = "led", [ROWS_TEAM] = "team", [ROWS_ALL] = "all"};

static void add_route(Arena *arena, ValueVec *routes, HttpMethod method, Str path) {
  *VEC_PUSH(arena, routes) =
      value_string(str_format(arena, "%s /api/v1/%.*s", http_method_name(method), STR_ARG(path)));
}

static Value routes_of(Call *call, const Permission *p) {
  ValueVec routes = {0};
  const Resource *r = registry_plural(call->app->registry, p->area);
  for (size_t i = 0; r && i < API_GENERIC_DOOR_COUNT; i++) {
    const GenericDoor *door = &API_GENERIC_DOORS[i];
    if ((r->verbs & door->verb) && str_equal_c(p->verb, door->permission))
      add_route(call->arena, &routes, door->method,
                str_format(call->arena, "%s%s%s", r->plural, door->with_id ? "/" : "",
                           door->route.bulk ? door->route.bulk
                           : door->with_id  ? "{id}"
                                            : ""));
  }
  for (const Route *const *table = API_ROUTE_TABLES; *table; table++)
    for (const Route *route = *table; route->path; route++) {
      Permission wanted = {0};
      if (api_wanted(route, &wanted) && str_equal(wanted.area, p->area) && str_equal(wanted.verb, p->verb))
        add_route(call->arena, &routes, route->method, str_from_c(route->path));
    }
  return list_done(&routes);
}

static bool permissions(Call *call, Db *db, Error *err) {
  static const char *const ROLES[] = {"owner", "admin", "responder", "viewer"};
  const Access *access = call->app->access;
  ValueVec items = {0};
  (void)db;
  (void)err;
  for (size_t i = 0; i < access_count(access); i++) {
    const Permission *p = access_at(access, i);
    MapBuilder map = map_builder(call->arena);
    map_put_c(&map, "resource", value_string(p->area));
    map_put_c(&map, "verb", value_string(p->verb));
    for (size_t r = 0; r < COUNT(ROLES); r++)
      map_put_c(&map, ROLES[r],
                value_c(SCOPE_WORDS[grants_scope(access_role(access, str_from_c(ROLES[r])), p->area, p->verb)]));
    map_put_c(&map, "mine", value_c(SCOPE_WORDS[grants_scope(call->grants, p->area, p->verb)]));
    map_put_c(&map, "routes", routes_of(call, p));
    *VEC_PUSH(call->arena, &items) = map_done(&map);
  }
  MapBuilder out = map_builder(call->arena);
  map_put_c(&out, "items", list_done(&items));
  map_put_c(&out, "next_cursor", value_null());
  call->answer = map_done(&out);
  return true;
}

static const Field ROUTE_ITEM = {.kind = F_TEXT, .required = true, .doc = "A method and a path."};
#define HELD(role, text)                                                                                               \
  { .name = role, .kind = F_TEXT, .required = true, .doc = text }
static const Field PERMISSION_FIELDS[] = {
    HELD("resource", "Of what."),
    HELD("verb", "What may be done with it."),
    HELD("owner", "Of which rows an owner holds it: none, own, led, team or all."),
    HELD("admin", "The same for an admin."),
    HELD("responder", "The same for a responder."),
    HELD("viewer", "The same for a viewer."),
    HELD("mine", "The same for the caller."),
    {.name = "routes", .kind = F_LIST, .of = &ROUTE_ITEM, .required = true, .doc = "What needs it."}};
static const Field PERMISSION_ITEM = {
    .kind = F_OBJECT, .required = true, FIELDS(PERMISSION_FIELDS), .doc = "One permission."};
static const Field PERMISSIONS[] = {
    {.name = "items", .kind = F_LIST, .of = &PERMISSION_ITEM, .required = true, .doc = "All of them."},
    {.name = "next_cursor", .kind = F_TEXT, .doc = "Always null: all are here."}};

const Route IDENTITY_ROUTES[] = {
    {HTTP_GET, "permissions", "roles:read", .read = permissions, WHOLE_LIST, ANSWER(PERMISSIONS),
     .doc = "Every permission: its routes, what each role holds of it, and what the caller does."},
    {.path = NULL},
};
