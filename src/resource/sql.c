/* Every statement of a resource, as text with $n parameters, made once when the registry is. Names come from our own
 * tables only; values never enter a text. */
#include "resource/internal.h"

enum { SQL_MAX = 8192 };

typedef struct Writing {
  Arena *arena;
  const Resource *resource;
} Writing;

/* "resource.what" and its text, both NUL-terminated. */
static DbStmt statement(const Writing *w, const char *what, const Buf *text) {
  ASSERT(!text->overflow);
  Str name = str_format(w->arena, "%s.%s", w->resource->name, what);
  return (DbStmt){str_to_c(w->arena, name), str_to_c(w->arena, buf_str(text)), NULL};
}

static DbStmt PRINTF_LIKE(3, 4) text_of(const Writing *w, const char *what, const char *format, ...) {
  va_list args;
  va_start(args, format);
  Str text = str_vformat(w->arena, format, args);
  va_end(args);
  Buf buf = buf_new(w->arena, SQL_MAX);
  buf_put(&buf, text);
  return statement(w, what, &buf);
}

static void find_columns(ResourceSql *sql) {
  const Resource *r = sql->resource;
  for (size_t i = 0; i < r->field_count; i++) {
    const Field *f = &r->fields[i];
    if (f->computed) continue;
    sql->columns[sql->column_count++] = f;
    if (!f->read_only && !f->immutable && !f->hidden) sql->updates[sql->update_count++] = f;
    if (f->unique) {
      ASSERT(sql->unique_count < COUNT(sql->unique));
      sql->unique_fields[sql->unique_count++] = f;
    }
  }
}

static void build_select(const Writing *w, ResourceSql *sql) {
  const Resource *r = sql->resource;
  Buf list = buf_new(w->arena, SQL_MAX);
  buf_puts(&list, "id");
  if (r->has_slug) buf_puts(&list, ", slug");
  if (r->number) buf_puts(&list, ", number");
  for (size_t i = 0; i < sql->column_count; i++) buf_format(&list, ", \"%s\"", field_column(sql->columns[i]));
  if (!r->bare) buf_puts(&list, ", created_at, updated_at, version");
  ASSERT(!list.overflow);
  sql->select_list = buf_str(&list);
  sql->select = text_of(w, "select", "SELECT %.*s FROM \"%s\" WHERE id = $1 AND %s = $2", STR_ARG(sql->select_list),
                        r->table, org_column(r));
}

/* $1 id, $2 created_at and updated_at, then org_id and slug where there are such, then the columns. version starts
 * at 1. */
static void build_insert(const Writing *w, ResourceSql *sql) {
  const Resource *r = sql->resource;
  Buf names = buf_new(w->arena, SQL_MAX), values = buf_new(w->arena, SQL_MAX);
  int n = 3;
  buf_puts(&names, "id, created_at, updated_at, version");
  buf_puts(&values, "$1, $2, $2, 1");
  if (!r->is_organization) {
    buf_puts(&names, ", org_id");
    buf_format(&values, ", $%d", n++);
  }
  if (r->has_slug) {
    buf_puts(&names, ", slug");
    buf_format(&values, ", $%d", n++);
  }
  for (size_t i = 0; i < sql->column_count; i++) {
    buf_format(&names, ", \"%s\"", field_column(sql->columns[i]));
    buf_format(&values, ", $%d", n++);
  }
  ASSERT(!names.overflow && !values.overflow);
  sql->insert = text_of(w, "insert", "INSERT INTO \"%s\" (%.*s) VALUES (%.*s)", r->table, STR_ARG(buf_str(&names)),
                        STR_ARG(buf_str(&values)));
}

/* $1 id, $2 organization, $3 now, then the columns. */
static void build_update(const Writing *w, ResourceSql *sql) {
  Buf text = buf_new(w->arena, SQL_MAX);
  buf_format(&text, "UPDATE \"%s\" SET updated_at = $3, version = version + 1", sql->resource->table);
  for (size_t i = 0; i < sql->update_count; i++)
    buf_format(&text, ", \"%s\" = $%d", field_column(sql->updates[i]), (int)i + 4);
  buf_format(&text, " WHERE id = $1 AND %s = $2", org_column(sql->resource));
  sql->update = statement(w, "update", &text);
}

static const char *label_column(const Resource *r) {
  static const char *const NAMES[] = {"name", "title", "label"};
  for (size_t i = 0; i < COUNT(NAMES); i++)
    if (resource_field(r, str_from_c(NAMES[i]))) return NAMES[i];
  return "id";
}

static void build_lookups(const Writing *w, ResourceSql *sql) {
  const Resource *r = sql->resource;
  const char *org = org_column(r);
  sql->exists = text_of(w, "exists", "SELECT id FROM \"%s\" WHERE id = $1 AND %s = $2", r->table, org);
  sql->label =
      text_of(w, "label", "SELECT \"%s\" FROM \"%s\" WHERE id = $1 AND %s = $2", label_column(r), r->table, org);
  if (r->has_slug && r->is_organization) {
    sql->by_slug = text_of(w, "by_slug", "SELECT id FROM \"%s\" WHERE slug = $1 AND id = $2", r->table);
    sql->slugs = text_of(w, "slugs", "SELECT slug FROM \"%s\" WHERE slug >= $2 AND slug < $3 AND $1 = $1", r->table);
  } else if (r->has_slug) {
    sql->by_slug = text_of(w, "by_slug", "SELECT id FROM \"%s\" WHERE slug = $1 AND org_id = $2", r->table);
    sql->slugs =
        text_of(w, "slugs", "SELECT slug FROM \"%s\" WHERE org_id = $1 AND slug >= $2 AND slug < $3", r->table);
  }
  if (r->number)
    sql->by_number = text_of(w, "by_number", "SELECT id FROM \"%s\" WHERE number = $1 AND org_id = $2", r->table);
  if (r->lookup) {
    const Field *f = resource_field(r, str_from_c(r->lookup));
    ASSERT(f && f->unique);
    sql->by_lookup =
        text_of(w, "by_lookup", "SELECT id FROM \"%s\" WHERE \"%s\" = $1 AND org_id = $2", r->table, field_column(f));
  }
}

/* What is taken: $1 value, $2 the row itself, $3 organization. */
static void build_unique(const Writing *w, ResourceSql *sql) {
  for (size_t i = 0; i < sql->unique_count; i++)
    sql->unique[i] =
        text_of(w, "unique", "SELECT id FROM \"%s\" WHERE \"%s\" = $1 AND id <> $2%s%s%s LIMIT 1", sql->resource->table,
                field_column(sql->unique_fields[i]), sql->unique_fields[i]->everywhere ? "" : " AND ",
                sql->unique_fields[i]->everywhere ? "" : org_column(sql->resource),
                sql->unique_fields[i]->everywhere ? "" : " = $3");
}

static void build_children(const Writing *w, const Registry *registry, ResourceSql *sql) {
  for (size_t i = 0; i < registry->count; i++) {
    const Resource *child = registry->list[i];
    for (size_t k = 0; k < child->field_count; k++) {
      const Field *f = &child->fields[k];
      if (f->kind != F_REF || !f->owner || !str_equal_c(str_from_c(f->ref), sql->resource->name)) continue;
      ASSERT(sql->child_count < COUNT(sql->children));
      sql->child_resources[sql->child_count] = child;
      sql->children[sql->child_count++] =
          text_of(w, child->name, "SELECT id FROM \"%s\" WHERE \"%s\" = $1 AND org_id = $2 ORDER BY id", child->table,
                  field_column(f));
    }
  }
}

void sql_build(Registry *registry, ResourceSql *sql) {
  Writing w = {registry->arena, sql->resource};
  find_columns(sql);
  build_select(&w, sql);
  if (!sql->resource->bare) {
    build_insert(&w, sql);
    build_update(&w, sql);
  }
  build_lookups(&w, sql);
  build_unique(&w, sql);
  build_children(&w, registry, sql);
  sql->remove = text_of(&w, "delete", "DELETE FROM \"%s\" WHERE id = $1 AND %s = $2", sql->resource->table,
                        org_column(sql->resource));
}
