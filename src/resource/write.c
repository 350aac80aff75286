/* Create, update, delete. The order is always: input, prepare, validation (all errors), before_write, what is taken,
 * the row, its references, audit, after_write. A step that fails leaves the undoing to the caller's savepoint. */
#include <string.h>

#include "resource/internal.h"

typedef struct Write {
  ResourceCtx *ctx;
  const Resource *resource;
  const ResourceSql *sql;
  i64 id;
  const Value *old; /* NULL at creation */
  Value fresh;      /* whole, API form */
  Error *err;
} Write;

static bool allowed(const Resource *r, unsigned verb, const char *word, Error *err) {
  return (r->verbs & verb) || fail(err, ERR_FORBIDDEN, "%s cannot be %s through the API", r->plural, word);
}

/* Sums up the field errors. Only "taken" is a conflict with what is there; all else is wrong input. */
bool errors_none(ResourceCtx *ctx, Error *err) {
  size_t count = ctx->errors.count;
  if (count == 0) return true;
  bool conflict = true;
  for (size_t i = 0; i < count; i++) conflict = conflict && strcmp(ctx->errors.items[i].code, "taken") == 0;
  const FieldError *first = &ctx->errors.items[0];
  fail_at(err, conflict ? ERR_CONFLICT : ERR_INVALID, str_to_c(ctx->arena, utf8_cut(first->pointer, 190)), "%.*s",
          STR_ARG(first->message));
  if (count > 1 && err) {
    size_t used = strlen(err->message);
    Str more = str_format(ctx->arena, " (and %zu more)", count - 1);
    if (used + more.len < sizeof err->message) memcpy(err->message + used, str_to_c(ctx->arena, more), more.len + 1);
  }
  return false;
}

/* Input ----------------------------------------------------------------------------------------------------------- */

static bool common_name(const Resource *r, Str name) {
  static const char *const NAMES[] = {"id", "created_at", "updated_at", "version"};
  for (size_t i = 0; i < COUNT(NAMES); i++)
    if (str_equal_c(name, NAMES[i])) return true;
  return (r->number && str_equal_c(name, "number")) || (r->has_slug && str_equal_c(name, "slug"));
}

/* A member people may not set: ignored when it only repeats what is stored, so that a read answer can be written back.
 */
static void check_untouchable(Write *w, const Member *m, bool fixed) {
  Str name = value_text(&m->key);
  const Value *stored = w->old ? value_get(w->old, name) : NULL;
  if (stored ? value_equal(stored, &m->value) : m->value.kind == VALUE_NULL) return;
  Checker c = {.ctx = w->ctx};
  checker_push(&c, name);
  if (fixed)
    field_error(w->ctx, c.pointer, "immutable", "%.*s is set at creation and stays as it is", STR_ARG(name));
  else
    field_error(w->ctx, c.pointer, "read_only", "%.*s is made by the server; leave it out", STR_ARG(name));
}

/* True: the member is input for its field. */
static bool takes_member(Write *w, const Member *m) {
  const Resource *r = w->resource;
  Str name = value_text(&m->key);
  const Field *f = resource_field(r, name);
  if (f && !f->hidden) {
    bool fixed = w->old && f->immutable;
    if (f->computed && w->old && !fixed) return false; /* answers may be written back whole */
    if (!f->read_only && !fixed) return true;
    check_untouchable(w, m, fixed && !f->read_only);
    return false;
  }
  if (common_name(r, name)) {
    if (str_equal_c(name, "slug") && !w->old) return slug_check(w->ctx, &m->value), true;
    check_untouchable(w, m, str_equal_c(name, "slug"));
    return false;
  }
  Checker c = {.ctx = w->ctx};
  report_unknown(&c, r->fields, r->field_count, NULL, name);
  return false;
}

static bool read_input(Write *w, const Value *body, Value *out) {
  if (!value_is(body, VALUE_MAP))
    return fail(w->err, ERR_INVALID, "the body must be a JSON object with the members of %s %s",
                str_article(w->resource->name), w->resource->name);
  MapBuilder draft = map_builder(w->ctx->arena);
  for (u32 i = 0; i < body->size; i++)
    if (takes_member(w, &body->members[i])) map_put(&draft, value_text(&body->members[i].key), body->members[i].value);
  *out = map_done(&draft);
  return true;
}

/* Validation ------------------------------------------------------------------------------------------------------ */

static Value checked(Write *w, const Field *f, const Value *in) {
  Checker c = {.ctx = w->ctx};
  Value value = value_null();
  checker_push(&c, str_from_c(f->name));
  return check_value(&c, f, in, &value) ? value : value_null();
}

/* Read-only and hidden columns take what prepare put there, unchecked, else their default. */
static Value created_value(Write *w, const Field *f, const Value *draft) {
  const Value *given = value_get_c(draft, f->name);
  Value absent = value_null();
  if (f->read_only || f->hidden) return given ? *given : field_default(w->ctx->arena, f);
  return checked(w, f, given ? given : &absent);
}

static void validate_new(Write *w, const Value *draft) {
  MapBuilder fresh = map_builder(w->ctx->arena);
  const Value *slug = value_get_c(draft, "slug");
  if (slug) map_put_c(&fresh, "slug", *slug);
  for (size_t i = 0; i < w->sql->column_count; i++)
    map_put_c(&fresh, w->sql->columns[i]->name, created_value(w, w->sql->columns[i], draft));
  w->fresh = map_done(&fresh);
}

/* RFC 7386, for the inside of one member. */
static Value merged(Arena *arena, const Value *target, const Value *patch, u32 depth) {
  if (patch->kind != VALUE_MAP || depth > NESTING_MAX) return *patch;
  MapBuilder out = map_builder(arena);
  for (u32 i = 0; value_is(target, VALUE_MAP) && i < target->size; i++) {
    const Value *change = value_get(patch, value_text(&target->members[i].key));
    if (!change) map_put(&out, value_text(&target->members[i].key), target->members[i].value);
  }
  for (u32 i = 0; i < patch->size; i++) {
    const Member *m = &patch->members[i];
    if (m->value.kind == VALUE_NULL) continue;
    map_put(&out, value_text(&m->key), merged(arena, value_get(target, value_text(&m->key)), &m->value, depth + 1));
  }
  return map_done(&out);
}

/* Only what the patch names is checked again: a zone that vanished must not block a new title. */
static void validate_patch(Write *w, const Value *draft) {
  MapBuilder fresh = map_builder(w->ctx->arena);
  for (u32 i = 0; i < w->old->size; i++) {
    const Member *m = &w->old->members[i];
    const Value *patch = value_get(draft, value_text(&m->key));
    const Field *f = resource_field(w->resource, value_text(&m->key));
    Value value = m->value;
    if (patch && f) {
      Value whole = f->kind == F_UNION ? *patch : merged(w->ctx->arena, &m->value, patch, 0);
      value = checked(w, f, &whole);
    }
    map_put(&fresh, value_text(&m->key), value);
  }
  w->fresh = map_done(&fresh);
}

static bool is_taken(Write *w, size_t i, bool *out, Error *err) {
  const Field *f = w->sql->unique_fields[i];
  const Value *value = value_get_c(&w->fresh, f->name);
  DbValue args[] = {column_value(w->ctx, f, value), db_int(w->id), db_int(w->ctx->org_id)};
  i64 other = 0;
  if (args[0].type == DB_TYPE_NULL) return *out = false, true;
  return db_query_int(w->ctx->db, &w->sql->unique[i], f->everywhere ? 2 : 3, args, &other, out, err);
}

static bool check_unique(Write *w) {
  for (size_t i = 0; i < w->sql->unique_count; i++) {
    const Field *f = w->sql->unique_fields[i];
    bool taken = false;
    if (!is_taken(w, i, &taken, w->err)) return false;
    if (!taken) continue;
    Str shown = f->write_only ? S("that") : value_display(w->ctx->arena, value_get_c(&w->fresh, f->name));
    field_error(w->ctx, str_to_c(w->ctx->arena, str_format(w->ctx->arena, "/%s", f->name)), "taken",
                "another %s has the %s \"%.*s\"; choose another", w->resource->name, f->name,
                STR_ARG(utf8_cut(shown, 100)));
  }
  return true;
}

/* prepare .. unique: w->fresh is right, or false */
static bool settle(Write *w, const Value *body) {
  ResourceCtx *ctx = w->ctx;
  const Resource *r = w->resource;
  Value draft = value_null();
  ctx->errors.count = 0;
  ctx->once = value_null();
  if (!read_input(w, body, &draft)) return false;
  if (r->prepare && !r->prepare(ctx, w->old, &draft, w->err)) return false;
  if (w->old)
    validate_patch(w, &draft);
  else
    validate_new(w, &draft);
  if (!errors_none(ctx, w->err)) return false;
  if (r->before_write && !r->before_write(ctx, w->old, &w->fresh, w->err)) return false;
  return errors_none(ctx, w->err) && check_unique(w) && errors_none(ctx, w->err);
}

/* Creating -------------------------------------------------------------------------------------------------------- */

static bool insert(Write *w) {
  ResourceCtx *ctx = w->ctx;
  DbValue args[COLUMNS_MAX + 5];
  size_t n = 0;
  Str slug = STR_NONE;
  if (w->resource->has_slug && !slug_choose(ctx, w->resource, &w->fresh, &slug, w->err)) return false;
  if (!errors_none(ctx, w->err)) return false;
  args[n++] = db_int(w->id);
  args[n++] = db_int(ctx->now_ms);
  if (!w->resource->is_organization) args[n++] = db_int(ctx->org_id);
  if (w->resource->has_slug) args[n++] = db_text(slug);
  for (size_t i = 0; i < w->sql->column_count; i++)
    args[n++] = column_value(ctx, w->sql->columns[i], value_get_c(&w->fresh, w->sql->columns[i]->name));
  return db_exec(ctx->db, &w->sql->insert, n, args, NULL, w->err);
}

static bool make_row(Write *w) {
  if (w->resource->create) return w->resource->create(w->ctx, &w->fresh, &w->id, w->err);
  w->id = id_next(w->ctx->ids);
  if (w->resource->is_organization) w->ctx->org_id = w->id;
  return insert(w);
}

/* References, audit, hooks, and the row as it now is. */
static bool finish(Write *w, const char *verb, Value *out) {
  ResourceCtx *ctx = w->ctx;
  const Resource *r = w->resource;
  Value row = value_null();
  bool found = false;
  if (!resource_load(ctx, r, w->id, &row, &found, w->err)) return false;
  if (!found)
    return fail(w->err, ERR_FORBIDDEN, "%s: you may not put %s %s where you cannot see it",
                r->team_column ? r->team_column : "id", str_article(r->name), r->name);
  if (!refs_write(ctx, r, w->id, &row, w->err) || !resource_audit(ctx, r, w->id, verb, w->old, &row, w->err))
    return false;
  if (r->after_write && !r->after_write(ctx, w->old, &row, w->err)) return false;
  if (ctx->changed) ctx->changed(ctx, r, w->id, value_int_or(value_get_c(&row, "version"), 0));
  *out = resource_render(ctx, r, &row);
  return true;
}

bool resource_create(ResourceCtx *ctx, const Resource *r, const Value *body, Value *out, Error *err) {
  Write w = {.ctx = ctx, .resource = r, .sql = registry_sql(ctx->registry, r), .err = err};
  Value made = value_null();
  if (!allowed(r, VERB_CREATE, "created", err) || !settle(&w, body) || !make_row(&w)) return false;
  Value once = ctx->once; /* after_write may create others */
  if (!finish(&w, "create", &made)) return false;
  for (u32 i = 0; value_is(&once, VALUE_MAP) && i < once.size; i++)
    resource_put(ctx, &made, str_to_c(ctx->arena, value_text(&once.members[i].key)), once.members[i].value);
  *out = made;
  return true;
}

/* Updating -------------------------------------------------------------------------------------------------------- */

bool resource_at_version(const Resource *r, const Value *row, i64 if_version, Error *err) {
  i64 version = value_int_or(value_get_c(row, "version"), 0);
  if (if_version == 0 || if_version == version) return true;
  return fail(err, ERR_PRECONDITION,
              "%s %.*s is at version %lld, not %lld; read it again and repeat your change on that", r->name,
              STR_ARG(value_text_or(value_get_c(row, "id"), S("?"))), (long long)version, (long long)if_version);
}

static bool load_for_write(ResourceCtx *ctx, const Resource *r, i64 id, i64 if_version, Value *out, Error *err) {
  bool found = false;
  if (!resource_load(ctx, r, id, out, &found, err)) return false;
  if (!found) return fail(err, ERR_NOT_FOUND, "there is no %s %.*s", r->name, STR_ARG(resource_id_text(ctx, r, id)));
  return resource_at_version(r, out, if_version, err);
}

static bool store(Write *w) {
  DbValue args[COLUMNS_MAX + 3] = {db_int(w->id), db_int(w->ctx->org_id), db_int(w->ctx->now_ms)};
  size_t n = 3;
  for (size_t i = 0; i < w->sql->update_count; i++)
    args[n++] = column_value(w->ctx, w->sql->updates[i], value_get_c(&w->fresh, w->sql->updates[i]->name));
  return db_exec(w->ctx->db, &w->sql->update, n, args, NULL, w->err);
}

bool resource_update(ResourceCtx *ctx, const Resource *r, i64 id, const Value *patch, i64 if_version, Value *out,
                     Error *err) {
  Write w = {.ctx = ctx, .resource = r, .sql = registry_sql(ctx->registry, r), .id = id, .err = err};
  Value old = value_null();
  if (!allowed(r, VERB_UPDATE, "changed", err) || !load_for_write(ctx, r, id, if_version, &old, err)) return false;
  w.old = &old;
  if (!settle(&w, patch)) return false;
  if (value_equal(&old, &w.fresh)) {
    *out = resource_render(ctx, r, &old);
    return true;
  }
  return store(&w) && finish(&w, "update", out);
}

/* Deleting -------------------------------------------------------------------------------------------------------- */

enum { CHILDREN_MAX = 1000 };

typedef struct Child {
  const Resource *resource;
  i64 id;
} Child;

typedef struct Family {
  ResourceCtx *ctx;
  const Resource *resource; /* of the rows being read */
  VEC(Child) rows;          /* the row itself first, then what it owns */
} Family;

static bool take_child(const DbRow *row, void *ctx) {
  Family *family = ctx;
  if (family->rows.count > CHILDREN_MAX) return false;
  *VEC_PUSH(family->ctx->arena, &family->rows) = (Child){family->resource, db_row_int(row, 0)};
  return true;
}

static bool find_children(Family *family, const Child *parent, Error *err) {
  const ResourceSql *sql = registry_sql(family->ctx->registry, parent->resource);
  DbValue args[] = {db_int(parent->id), db_int(family->ctx->org_id)};
  for (size_t i = 0; i < sql->child_count; i++) {
    family->resource = sql->child_resources[i];
    if (!db_query(family->ctx->db, &sql->children[i], COUNT(args), args, take_child, family, err)) return false;
  }
  if (family->rows.count > CHILDREN_MAX)
    return fail(err, ERR_CONFLICT, "more than %d rows belong to this %s; delete them first", CHILDREN_MAX,
                family->rows.items[0].resource->name);
  return true;
}

static bool remove_row(ResourceCtx *ctx, const Child *child, Error *err) {
  const Resource *r = child->resource;
  const ResourceSql *sql = registry_sql(ctx->registry, r);
  DbValue args[] = {db_int(child->id), db_int(ctx->org_id)};
  Value old = value_null();
  bool found = false;
  if (!resource_load(ctx, r, child->id, &old, &found, err)) return false;
  if (value_is(&old, VALUE_NULL)) return true; /* two ways led to it */
  if (!db_exec(ctx->db, &sql->remove, COUNT(args), args, NULL, err) ||
      !resource_audit(ctx, r, child->id, "delete", &old, NULL, err))
    return false;
  if (r->after_delete && !r->after_delete(ctx, &old, err)) return false;
  if (ctx->changed) ctx->changed(ctx, r, child->id, 0);
  return true;
}

/* The references of the whole family are cleared first: rows that go together may refer to each other. */
static bool remove_family(Family *family, Error *err) {
  for (size_t i = 0; i < family->rows.count; i++)
    if (!refs_clear(family->ctx, family->rows.items[i].resource, family->rows.items[i].id, err)) return false;
  for (size_t i = 0; i < family->rows.count; i++)
    if (!refs_refuse(family->ctx, family->rows.items[i].resource, family->rows.items[i].id, err)) return false;
  for (size_t i = family->rows.count; i > 0; i--)
    if (!remove_row(family->ctx, &family->rows.items[i - 1], err)) return false;
  return true;
}

bool resource_delete(ResourceCtx *ctx, const Resource *r, i64 id, i64 if_version, Error *err) {
  Family family = {.ctx = ctx};
  Value old = value_null();
  if (!allowed(r, VERB_DELETE, "deleted", err) || !load_for_write(ctx, r, id, if_version, &old, err)) return false;
  if (r->before_delete && !r->before_delete(ctx, &old, err)) return false;
  *VEC_PUSH(ctx->arena, &family.rows) = (Child){r, id};
  for (size_t i = 0; i < family.rows.count; i++) {
    Child parent = family.rows.items[i]; /* the array may move */
    if (!find_children(&family, &parent, err)) return false;
  }
  return remove_family(&family, err);
}
