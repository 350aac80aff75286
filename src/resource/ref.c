/* References: each one of a row, at any depth, is also a row of `ref` (owner, path, target). They refuse deletes that
 * would leave something pointing nowhere, and say what it is. */
#include "resource/internal.h"

static const DbStmt REF_ADD = {
    "ref_add",
    "INSERT INTO ref (org_id, owner_kind, owner_id, path, target_kind, target_id) VALUES ($1, $2, $3, $4, $5, $6)",
    NULL};
static const DbStmt REF_CLEAR = {"ref_clear", "DELETE FROM ref WHERE owner_kind = $1 AND owner_id = $2", NULL};
static const DbStmt REF_TO = {"ref_to",
                              "SELECT owner_kind, owner_id, path FROM ref WHERE target_kind = $1 AND target_id = $2 "
                              "AND NOT (owner_kind = $1 AND owner_id = $2) "
                              "ORDER BY owner_kind, owner_id, path LIMIT 6",
                              NULL};

/* Collecting ------------------------------------------------------------------------------------------------------ */

typedef struct RefRow {
  Str path;
  const Resource *target;
  i64 target_id;
} RefRow;

typedef struct Collecting {
  Checker place; /* for its pointer */
  VEC(RefRow) rows;
  i64 org_id, owner_id;
  const char *owner_kind;
} Collecting;

static void collect(Collecting *c, const Field *f, const Value *value);

static void collect_members(Collecting *c, const Field *fields, size_t count, const Value *map) {
  for (size_t i = 0; i < count; i++) {
    const Value *value = value_get_c(map, fields[i].name);
    if (!value) continue;
    size_t before = checker_push(&c->place, str_from_c(fields[i].name));
    collect(c, &fields[i], value);
    checker_pop(&c->place, before);
  }
}

static void collect_list(Collecting *c, const Field *f, const Value *list) {
  for (u32 i = 0; i < list->size; i++) {
    size_t before = checker_push_index(&c->place, i);
    collect(c, f->of, &list->items[i]);
    checker_pop(&c->place, before);
  }
}

static void collect_ref(Collecting *c, const Field *f, const Value *value) {
  ResourceCtx *ctx = c->place.ctx;
  i64 id = resource_ref_id(ctx->registry, value);
  if (id == 0 || !f->ref) return;
  *VEC_PUSH(ctx->arena, &c->rows) = (RefRow){.path = str_copy(ctx->arena, str_from_c(c->place.pointer)),
                                             .target = registry_find(ctx->registry, str_from_c(f->ref)),
                                             .target_id = id};
}

static void collect(Collecting *c, const Field *f, const Value *value) {
  if (f->kind == F_REF)
    collect_ref(c, f, value);
  else if (f->kind == F_LIST && value_is(value, VALUE_LIST))
    collect_list(c, f, value);
  else if (f->kind == F_OBJECT && value_is(value, VALUE_MAP))
    collect_members(c, f->fields, f->field_count, value);
  else if (f->kind == F_UNION && value_is(value, VALUE_MAP)) {
    Str chosen = value_text_or(value_get_c(value, f->tag), STR_NONE);
    for (size_t i = 0; i < f->field_count; i++)
      if (str_equal_c(chosen, f->fields[i].name))
        collect_members(c, f->fields[i].fields, f->fields[i].field_count, value);
  }
}

/* Writing --------------------------------------------------------------------------------------------------------- */

static void bind_ref(size_t i, DbValue *args, void *ctx) {
  const Collecting *c = ctx;
  const RefRow *row = &c->rows.items[i];
  args[0] = db_int(c->org_id);
  args[1] = db_text(str_from_c(c->owner_kind));
  args[2] = db_int(c->owner_id);
  args[3] = db_text(row->path);
  args[4] = db_text(str_from_c(row->target->name));
  args[5] = db_int(row->target_id);
}

bool refs_clear(ResourceCtx *ctx, const Resource *r, i64 id, Error *err) {
  return db_run(ctx->db, &REF_CLEAR, err, db_text(str_from_c(r->name)), db_int(id));
}

bool refs_write(ResourceCtx *ctx, const Resource *r, i64 id, const Value *row, Error *err) {
  Collecting c = {
      .place = {.ctx = ctx}, .org_id = r->is_organization ? id : ctx->org_id, .owner_id = id, .owner_kind = r->name};
  collect_members(&c, r->fields, r->field_count, row);
  if (!refs_clear(ctx, r, id, err)) return false;
  return c.rows.count == 0 || db_exec_batch(ctx->db, &REF_ADD, 6, c.rows.count, bind_ref, &c, err);
}

/* Refusing -------------------------------------------------------------------------------------------------------- */

typedef struct LabelOf {
  Arena *arena;
  Str text;
} LabelOf;

static bool take_label(const DbRow *row, void *ctx) {
  LabelOf *label = ctx;
  if (db_row_type(row, 0) == DB_TYPE_TEXT) label->text = db_row_text(row, 0, label->arena);
  return true;
}

Str row_label(ResourceCtx *ctx, const Resource *r, i64 id) {
  LabelOf label = {.arena = ctx->arena};
  DbValue args[] = {db_int(id), db_int(r->is_organization ? id : ctx->org_id)};
  bool found = false;
  Error ignored = {0};
  if (!db_query_one(ctx->db, &registry_sql(ctx->registry, r)->label, COUNT(args), args, take_label, &label, &found,
                    &ignored) ||
      label.text.len == 0)
    return id_text(ctx->arena, r->prefix, id);
  return str_format(ctx->arena, "\"%.*s\"", STR_ARG(utf8_cut(label.text, 80)));
}

typedef struct Owner {
  Str kind, path;
  i64 id;
} Owner;

typedef struct Owners {
  Arena *arena;
  Owner items[6];
  size_t count;
} Owners;

static bool take_owner(const DbRow *row, void *ctx) {
  Owners *owners = ctx;
  owners->items[owners->count++] = (Owner){
      .kind = db_row_text(row, 0, owners->arena), .id = db_row_int(row, 1), .path = db_row_text(row, 2, owners->arena)};
  return owners->count < COUNT(owners->items);
}

/* The rows that go with this one no longer count: their references were cleared before. */
bool refs_refuse(ResourceCtx *ctx, const Resource *r, i64 id, Error *err) {
  Owners owners = {.arena = ctx->arena};
  DbValue args[] = {db_text(str_from_c(r->name)), db_int(id)};
  if (!db_query(ctx->db, &REF_TO, COUNT(args), args, take_owner, &owners, err)) return false;
  if (owners.count == 0) return true;
  Buf who = buf_new(ctx->arena, 480);
  for (size_t i = 0; i < MIN(owners.count, (size_t)5); i++) {
    const Resource *owner = registry_find(ctx->registry, owners.items[i].kind);
    Str label = owner ? row_label(ctx, owner, owners.items[i].id) : STR_NONE;
    buf_format(&who, "%s%.*s %.*s (%.*s)", i ? ", " : "", STR_ARG(owners.items[i].kind), STR_ARG(label),
               STR_ARG(owners.items[i].path));
  }
  return fail(err, ERR_CONFLICT, "%s %.*s is used by %.*s%s; change these first", r->name,
              STR_ARG(row_label(ctx, r, id)), STR_ARG(buf_str(&who)), owners.count > 5 ? " and others" : "");
}
