/* Verbs on many rows at once: which rows, each in a savepoint, and what became of each. */
#include "core/api/bulk.h"

/* Which ---------------------------------------------------------------------------------------------------------------
 */

static bool names(const Route *route, Str area, Str verb) {
  Str path = str_from_c(route->path), head, tail;
  return str_cut(path, '/', &head, &tail) && str_equal(head, area) && str_starts_with(tail, S("{id}/")) &&
         str_equal(str_slice(tail, 5, tail.len), verb);
}

const Route *bulk_single(const Registry *registry, Str area, Str verb, const Resource **out_resource) {
  *out_resource = NULL;
  for (size_t i = 0; str_equal_c(verb, "delete") && i < API_GENERIC_DOOR_COUNT; i++)
    if (API_GENERIC_DOORS[i].method == HTTP_DELETE) {
      *out_resource = registry_plural(registry, area);
      return *out_resource ? &API_GENERIC_DOORS[i].route : NULL;
    }
  for (size_t t = 0; API_ROUTE_TABLES[t]; t++)
    for (const Route *route = API_ROUTE_TABLES[t]; route->path; route++)
      if (route->method == HTTP_POST && names(route, area, verb)) return route;
  return NULL;
}

static const Field ID_ITEM = {.kind = F_TEXT, .required = true, .max = 320, .doc = "Id, slug, number or e-mail."};
static const Field CHOICE[] = {{.name = "ids",
                                .kind = F_LIST,
                                .of = &ID_ITEM,
                                .min = 1,
                                .max = BULK_IDS_MAX,
                                .doc = "Which: ids, slugs, numbers, as in a path. Either this or filter."},
                               {.name = "filter",
                                .kind = F_TEXT,
                                .max = 4096,
                                .doc = "Which: a CEL expression over the fields, as in a list.",
                                .example = "status == \"triggered\" && priority == \"p4\""}};

Field *api_bulk_fields(Arena *arena, const Route *single, size_t *out_count) {
  size_t own = single ? single->body_count : 0;
  Field *fields = ARENA_ARRAY(arena, Field, COUNT(CHOICE) + own);
  for (size_t i = 0; i < COUNT(CHOICE); i++) fields[i] = CHOICE[i];
  if (single && single->method == HTTP_DELETE) fields[1].example = "name.startsWith(\"Old\")";
  for (size_t i = 0; i < own; i++) fields[COUNT(CHOICE) + i] = single->body[i];
  *out_count = COUNT(CHOICE) + own;
  return fields;
}

/* By filter: before the command, on a worker -------------------------------------------------------------------------
 */

typedef struct Finding {
  Call *call;
  const Resource *resource;
  Arena *page; /* of one page of the list */
  Str *ids;
  size_t count, capacity;
} Finding;

static bool keep_ids(Finding *f, const Value *items, Error *err) {
  Arena *arena = f->call->arena;
  if (f->count + items->size > BULK_ROWS_MAX)
    return fail_at(err, ERR_INVALID, "/filter", "the filter chooses more than %d %s; add a condition, and go in parts",
                   BULK_ROWS_MAX, f->resource->plural);
  if (f->count + items->size > f->capacity) {
    size_t wanted = MAX(2 * f->capacity, f->count + items->size);
    f->ids = arena_grow(arena, f->ids, f->capacity * sizeof(Str), wanted * sizeof(Str));
    f->capacity = wanted;
  }
  for (size_t i = 0; i < items->size; i++)
    f->ids[f->count++] = str_copy(arena, value_text_or(value_get_c(value_at(items, i), "id"), STR_NONE));
  return true;
}

static bool find_all(Finding *f, Db *db, Str filter, Error *err) {
  ApiCtx ctx = api_ctx(f->call, db, NULL);
  Str cursor = STR_NONE;
  do {
    ListQuery query = {.limit = LIST_LIMIT_MAX, .cursor = cursor, .sort = S("id"), .filter = filter, .fields = S("id")};
    ResourceList list = {0};
    arena_clear(f->page);
    ctx.rc.arena = f->page;
    if (!resource_list(&ctx.rc, f->resource, &query, &list, err)) return false;
    if (!keep_ids(f, &list.items, err)) return false;
    cursor = str_copy(f->call->arena, list.next_cursor);
  } while (cursor.len);
  return true;
}

bool api_bulk_find(Call *call, Db *db, Error *err) {
  const Value *filter = value_get_c(&call->body, "filter");
  CLEANUP(arena_freep) Arena *page = arena_new();
  Finding f = {.call = call, .resource = registry_plural(call->app->registry, call->area), .page = page};
  f.ids = ARENA_ARRAY(call->arena, Str, 1);
  if (!f.resource || !find_all(&f, db, value_text(filter), err)) {
    if (!err->pointer[0]) snprintf(err->pointer, sizeof err->pointer, "/filter");
    return false;
  }
  call->bulk_ids = f.ids;
  call->bulk_count = f.count;
  return true;
}

bool api_bulk_by_filter(const Call *call) {
  Str filter = value_text_or(value_get_c(&call->body, "filter"), STR_NONE);
  return call->route->bulk && !str_is_blank(filter) && filter.len <= 4096;
}

/* Each ----------------------------------------------------------------------------------------------------------------
 */

static bool run_single(Cycle *cycle, void *ctx, Error *err) {
  return api_write(ctx, cycle, err);
}

static Call single_call(const Call *whole, Str id) {
  Call one = *whole;
  one.command = (Command){0};
  one.route = whole->single;
  one.body = whole->single_body;
  one.params[0] = id;
  one.param_count = 1;
  one.target = NULL;
  one.before = one.answer = value_null();
  one.errors = (FieldErrors){0};
  one.status = 0;
  return one;
}

static Value outcome_of(const Call *one, Str id, bool ok, const Error *why) {
  Arena *arena = one->arena;
  MapBuilder map = map_builder(arena);
  const Value *made = value_get_c(&one->answer, "id"), *number = value_get_c(&one->answer, "number");
  const Value *title = value_get_c(&one->answer, "title");
  map_put_c(&map, "id", ok && made ? *made : value_string(id));
  map_put_c(&map, "number", ok && number ? *number : value_null());
  map_put_c(&map, "title", ok && title ? *title : value_null());
  map_put_c(&map, "status", value_int(ok ? (one->status ? one->status : 200) : error_http_status(why->code)));
  map_put_c(&map, "code", ok ? value_null() : value_c(error_code_name(why->code)));
  map_put_c(&map, "detail", ok ? value_null() : value_string(str_copy(arena, str_from_c(why->message))));
  return map_done(&map);
}

bool bulk_each(const Call *whole, Cycle *cycle, const Str *ids, size_t count, BulkOutcome *out, Error *err) {
  for (size_t i = 0; i < count; i++) {
    Call one = single_call(whole, ids[i]);
    Error why = {0};
    bool ok = false;
    if (!cycle_try(cycle, run_single, &one, &ok, &why, err)) return false;
    *VEC_PUSH(whole->arena, &out->items) = outcome_of(&one, ids[i], ok, &why);
    if (ok)
      out->done++;
    else
      out->failed++;
  }
  return true;
}

/* All of it -----------------------------------------------------------------------------------------------------------
 */

static bool is_given(const Value *body, const char *name) {
  const Value *value = value_get_c(body, name);
  return value && value->kind != VALUE_NULL;
}

static bool check(Call *call, Cycle *cycle, Value *out, Error *err) {
  ApiCtx ctx = api_ctx(call, cycle->db, cycle);
  Value given = call->body.kind == VALUE_MAP ? call->body : (Value){.kind = VALUE_MAP};
  size_t count = 0;
  const Field *fields = api_bulk_fields(call->arena, call->single, &count);
  if (http_header(call->request, "If-Match").len)
    return fail(err, ERR_INVALID, "If-Match is the version of one thing; a verb on many takes none");
  bool ok = resource_check(&ctx.rc, fields, count, &given, out, err);
  bool ids = is_given(&given, "ids"), filter = is_given(&given, "filter");
  if (ok && filter && str_is_blank(value_text_or(value_get_c(&given, "filter"), STR_NONE)))
    return fail_at(err, ERR_INVALID, "/filter", "the filter is empty; \"true\" chooses all that you see");
  if (ok && ids == filter)
    field_error(&ctx.rc, ids ? "/filter" : "/ids", "required", "say which %.*s are meant: either ids or filter%s",
                STR_ARG(call->area), ids ? ", not both" : "");
  call->errors = ctx.rc.errors;
  if (ok && ids == filter) return fail(err, ERR_INVALID, "%.*s", STR_ARG(ctx.rc.errors.items[0].message));
  return ok;
}

static Value without_choice(Arena *arena, const Value *body) {
  MapBuilder map = map_builder(arena);
  for (u32 i = 0; i < body->size; i++) {
    Str name = value_text(&body->members[i].key);
    if (!str_equal_c(name, "ids") && !str_equal_c(name, "filter")) map_put(&map, name, body->members[i].value);
  }
  return map_done(&map);
}

static const Str *chosen(const Call *call, const Value *body, size_t *out_count) {
  const Value *list = value_get_c(body, "ids");
  if (is_given(&call->body, "filter")) return *out_count = call->bulk_count, call->bulk_ids;
  Str *ids = ARENA_ARRAY(call->arena, Str, list->size);
  for (u32 i = 0; i < list->size; i++) ids[i] = value_text(value_at(list, i));
  return *out_count = list->size, ids;
}

bool api_bulk(Call *call, Cycle *cycle, Error *err) {
  BulkOutcome outcome = {0};
  const Resource *deletes = NULL;
  Value body = value_null();
  size_t count = 0;
  call->single = bulk_single(call->app->registry, call->area, call->verb, &deletes);
  if (!call->single) return fail(err, ERR_NOT_FOUND, "%.*s have no such verb", STR_ARG(call->area));
  if (!check(call, cycle, &body, err)) return false;
  call->single_body = without_choice(call->arena, &body);
  const Str *ids = chosen(call, &body, &count);
  if (count > BULK_NOW_MAX && str_equal_c(api_query(call, "dry_run"), "true"))
    return fail(err, ERR_INVALID, "a dry run tries %d rows at most; these are %zu", BULK_NOW_MAX, count);
  if (count > BULK_NOW_MAX) return bulk_later(call, cycle, ids, count, err);
  if (!bulk_each(call, cycle, ids, count, &outcome, err)) return false;
  MapBuilder map = map_builder(call->arena);
  map_put_c(&map, "items", list_done(&outcome.items));
  map_put_c(&map, "total", value_int((i64)count));
  map_put_c(&map, "done", value_int(outcome.done));
  map_put_c(&map, "failed", value_int(outcome.failed));
  call->answer = map_done(&map);
  call->status = 200;
  return true;
}

static const Field OUTCOME_FIELDS[] = {
    {.name = "id",
     .kind = F_TEXT,
     .required = true,
     .doc = "Which; as it was given when it was refused.",
     .example = "ALERT-7"},
    {.name = "number", .kind = F_TEXT, .doc = "As people say it: ALERT-7.", .example = "ALERT-7"},
    {.name = "title", .kind = F_TEXT, .doc = "What it is about.", .example = "Disk full"},
    {.name = "status", .kind = F_INT, .required = true, .doc = "What a call for it alone would have answered."},
    {.name = "code", .kind = F_TEXT, .doc = "For programs; null: it went well."},
    {.name = "detail", .kind = F_TEXT, .doc = "What was wrong, and what to do; null: nothing."}};
static const Field OUTCOME = {.kind = F_OBJECT, .required = true, FIELDS(OUTCOME_FIELDS), .doc = "One row."};
const Field BULK_ANSWER[BULK_ANSWER_COUNT] = {
    {.name = "items", .kind = F_LIST, .of = &OUTCOME, .required = true, .doc = "Each, in order."},
    {.name = "total", .kind = F_INT, .required = true, .doc = "Rows that were meant."},
    {.name = "done", .kind = F_INT, .required = true, .doc = "Rows that went well."},
    {.name = "failed", .kind = F_INT, .required = true, .doc = "Rows that were refused; the others stand."}};

const Field API_DRY_RUN[API_DRY_RUN_COUNT] = {
    {.name = "dry_run", .kind = F_BOOL, .doc = "true: tries all, answers as if it were done, and keeps nothing."}};

#define MANY(area, verb, words)                                                                                        \
  {                                                                                                                    \
    HTTP_POST, area "/" verb, area ":write", .write = api_bulk, .bulk = area "/{id}/" verb, QUERY(API_DRY_RUN),        \
                                             ANSWER(BULK_ANSWER), .doc = words                                         \
  }

const Route BULK_ROUTES[] = {
    MANY("alerts", "acknowledge", "Acknowledges many alerts."),
    MANY("alerts", "unacknowledge", "Restarts the pages of many alerts at level 1."),
    MANY("alerts", "resolve", "Ends many alerts."),
    MANY("alerts", "dismiss", "Says of many alerts that they are no problem."),
    MANY("alerts", "reopen", "Begins a new episode of many alerts."),
    MANY("alerts", "snooze", "Quiets many alerts until a time, for all or for you."),
    MANY("alerts", "unsnooze", "Ends your own snooze of many alerts now."),
    MANY("alerts", "escalate", "Next level now, for many alerts."),
    MANY("alerts", "assign", "Makes many alerts somebody's task."),
    MANY("alerts", "note", "Adds a note to the timelines of many alerts."),
    MANY("incidents", "acknowledge", "Acknowledges many incidents."),
    MANY("incidents", "resolve", "Ends the pages of many incidents."),
    MANY("incidents", "close", "Closes many incidents."),
    MANY("incidents", "reopen", "Reopens many incidents."),
    MANY("incidents", "merge", "Merges many incidents into one."),
    MANY("incidents", "status-updates", "Says of many incidents how they stand."),
    MANY("incidents", "join", "Takes part in many incidents from now on."),
    MANY("incidents", "leave", "Takes part in many incidents no longer."),
    MANY("pages", "acknowledge", "Acknowledges what many pages are about."),
    MANY("pages", "escalate", "Next level now, for many pages."),
    MANY("silences", "end", "Ends many silences now."),
    MANY("requests", "replay", "Applies many stored requests again."),
    MANY("users", "deactivate",
         "Many leave: each as alone; where somebody would be missing it is refused for that one."),
    {HTTP_POST, "jobs/{id}/cancel", "jobs:write", .write = api_cancel_job, .answers = "job",
     .doc = "Ends a verb on many rows where it is; what was done stays done."},
    {.path = NULL},
};
