/* Lists: one index range, read by key. A cursor holds the place of the last row (its sort value and id), so rows that
 * come or go meanwhile neither repeat nor hide others. */
#include <string.h>

#include "resource/internal.h"

/* the database takes 64 parameters a statement */
enum { PARAMS_MAX = 60, FILTER_VALUES_MAX = 30, LIST_SQL_MAX = 16384 };

typedef struct Listing {
  ResourceCtx *ctx;
  const Resource *resource;
  const ResourceSql *sql;
  const ListQuery *query;
  Buf where; /* what an index answers */
  Buf late;  /* filters without one: over the first LIST_SCAN_MAX rows of `where` */
  DbValue args[PARAMS_MAX];
  size_t arg_count;
  const char *sort; /* column; NULL: the id alone */
  Str sort_name;
  const char *only; /* the condition of the index that serves the order */
  bool descending;
  i64 limit;
  CelFilter cel;
  Str bound; /* what a cursor belongs to */
  Error *err;
} Listing;

static int add_arg(Listing *l, DbValue value) {
  ASSERT(l->arg_count < PARAMS_MAX);
  l->args[l->arg_count++] = value;
  return (int)l->arg_count;
}

static int add_cel_arg(void *listing, DbValue value) {
  Listing *l = listing;
  return l->arg_count >= PARAMS_MAX - 8 ? 0 : add_arg(l, value);
}

/* Filters --------------------------------------------------------------------------------------------------------- */

static bool unknown_filter(Listing *l, Str name) {
  const char *names[COLUMNS_MAX];
  size_t count = 0;
  for (size_t i = 0; i < l->resource->field_count; i++)
    if (l->resource->fields[i].filter) names[count++] = l->resource->fields[i].name;
  return fail(l->err, ERR_INVALID, "%s cannot be filtered by \"%.*s\"%.*s", l->resource->plural,
              STR_ARG(utf8_cut(name, 60)), STR_ARG(resource_suggest(l->ctx->arena, name, names, count)));
}

static bool is_none(Str text) {
  return str_equal_c(text, "null");
}

static bool is_among(Str value, const char *const *values) {
  for (; *values; values++)
    if (str_equal_c(value, *values)) return true;
  return false;
}

static bool has_value(const ListFilter *filter, const char *value) {
  for (size_t i = 0; i < filter->count; i++)
    if (str_equal_c(filter->values[i], value)) return true;
  return false;
}

/* True: the hint says all that the filter says, in words that the index knows; what is left is to count and to read. */
static bool add_hints(Listing *l, const ListFilter *filter) {
  bool whole = false;
  for (const FilterHint *hint = l->resource->hints; hint && hint->name; hint++) {
    bool fits = str_equal_c(filter->name, hint->name), same = fits;
    for (size_t i = 0; fits && i < filter->count; i++) fits = is_among(filter->values[i], hint->values);
    if (!fits) continue;
    for (const char *const *v = hint->values; same && *v; v++) same = has_value(filter, *v);
    buf_format(&l->where, " AND %s", hint->sql);
    whole = whole || same;
  }
  return whole;
}

/* (column IN ($2, $3) OR column IS NULL) */
static bool add_filter(Listing *l, const ListFilter *filter) {
  const Field *f = resource_field(l->resource, filter->name);
  Buf *out = f && f->filter && strcmp(f->filter, FILTER_SCAN) == 0 ? &l->late : &l->where;
  bool none = false, some = false;
  if (!f || !f->filter) return unknown_filter(l, filter->name);
  if (filter->count > FILTER_VALUES_MAX || l->arg_count + filter->count > PARAMS_MAX - 8)
    return fail(l->err, ERR_INVALID, "filter %s: at most %d values, and fewer beside other filters", f->name,
                FILTER_VALUES_MAX);
  if (add_hints(l, filter)) return true;
  buf_puts(out, out->len || out == &l->where ? " AND (" : "(");
  for (size_t i = 0; i < filter->count; i++) {
    DbValue value;
    if (filter->values[i].len == 0)
      return fail(l->err, ERR_INVALID, "%s is empty; give a value, null for those without one, or leave it out",
                  f->name);
    if (is_none(filter->values[i])) {
      none = true;
      continue;
    }
    if (!filter_value(l->ctx, l->resource, f, filter->values[i], &value, l->err)) return false;
    if (some)
      buf_format(out, ", $%d", add_arg(l, value));
    else
      buf_format(out, "\"%s\" IN ($%d", field_column(f), add_arg(l, value));
    some = true;
  }
  if (some) buf_putc(out, ')');
  if (none)
    buf_format(out, "%s\"%s\" %s", some ? " OR " : "", field_column(f), f->kind == F_PRIORITY ? "= 0" : "IS NULL");
  buf_putc(out, ')');
  return true;
}

static bool read_time(Listing *l, const char *name, Str text, i64 *out) {
  if (str_to_i64(text, 0, TIME_MS_MAX, out)) return true;
  if (time_parse_ms(text, out) && *out >= 0 && *out <= TIME_MS_MAX) return true;
  return fail(l->err, ERR_INVALID, "%s must be a time such as 2026-01-05T09:00:00Z, not \"%.*s\"", name,
              STR_ARG(utf8_cut(text, 60)));
}

static bool add_time(Listing *l, const char *name, Str text, const char *op) {
  i64 ms = 0;
  if (text.len == 0) return true;
  if (!read_time(l, name, text, &ms)) return false;
  const char *column = l->resource->time_column;
  const char *has = column ? column : l->resource->id_order; /* what the order's index must have */
  bool other = column ? !l->sort || strcmp(l->sort, has) != 0 : l->sort && (!has || strcmp(l->sort, has) != 0);
  Buf *out = other ? &l->late : &l->where;
  buf_format(out, "%s\"%s\" %s $%d", out->len ? " AND " : "", column ? column : "id", op,
             add_arg(l, db_int(column ? ms : id_at_time(ms))));
  return true;
}

static void add_scope(Listing *l) {
  buf_format(&l->where, "%s = $%d", org_column(l->resource), add_arg(l, db_int(l->ctx->org_id)));
  sight_put(l->ctx, l->resource, &l->where, l->args, &l->arg_count);
}

static bool add_expression(Listing *l) {
  l->cel = (CelFilter){.ctx = l->ctx,
                       .resource = l->resource,
                       .err = l->err,
                       .add_arg = add_cel_arg,
                       .listing = l,
                       .arg_count = &l->arg_count};
  if (str_is_blank(l->query->filter)) return true;
  if (!cel_filter_build(&l->cel, l->query->filter)) return false;
  for (size_t i = 0; i < l->cel.equalities.count; i++)
    if (!add_filter(l, &l->cel.equalities.items[i])) return false;
  if (l->cel.sql.len) buf_format(&l->late, "%s%.*s", l->late.len ? " AND " : "", STR_ARG(buf_str(&l->cel.sql)));
  return true;
}

/* A cursor belongs to one order and one choice of rows. */
static void bind_cursor(Listing *l) {
  const ListQuery *q = l->query;
  Buf text = buf_new(l->ctx->arena, KIB(256));
  buf_format(&text, "%.*s\n%.*s\n%.*s", STR_ARG(q->filter), STR_ARG(q->since), STR_ARG(q->until));
  for (size_t i = 0; i < q->filter_count; i++) {
    buf_format(&text, "\n%.*s", STR_ARG(q->filters[i].name));
    for (size_t k = 0; k < q->filters[i].count; k++) buf_format(&text, "\t%.*s", STR_ARG(q->filters[i].values[k]));
  }
  l->bound = str_slice(sha256_hex(l->ctx->arena, buf_str(&text)), 0, 12);
}

static bool build_where(Listing *l) {
  const ListQuery *q = l->query;
  l->where = buf_new(l->ctx->arena, LIST_SQL_MAX);
  l->late = buf_new(l->ctx->arena, 4 * LIST_SQL_MAX);
  add_scope(l);
  for (size_t i = 0; i < q->filter_count; i++)
    if (!add_filter(l, &q->filters[i])) return false;
  bind_cursor(l);
  return add_expression(l) && add_time(l, "since", q->since, ">=") && add_time(l, "until", q->until, "<");
}

/* A stretch of time comes in its own order, unless another is wanted. */
static const char *default_sort(const Listing *l) {
  const Resource *r = l->resource;
  const char *column = r->time_column, *usual = r->default_sort ? r->default_sort : "id";
  bool timed = l->query->since.len || l->query->until.len;
  for (const SortField *s = r->sorts; timed && column && s && s->name; s++)
    if (strcmp(field_column(resource_field(r, str_from_c(s->name))), column) == 0)
      return str_to_c(l->ctx->arena, str_format(l->ctx->arena, "%s%s", usual[0] == '-' ? "-" : "", s->name));
  return usual;
}

/* Order and cursor ------------------------------------------------------------------------------------------------ */

static bool read_sort(Listing *l) {
  Str text = l->query->sort.len ? l->query->sort : str_from_c(default_sort(l));
  l->descending = text.ptr[0] == '-';
  /* the id is always the last of the order: it may be said */
  const char *last = l->descending ? ",-id" : ",id";
  if (str_ends_with(text, str_from_c(last))) text = str_slice(text, 0, text.len - strlen(last));
  l->sort_name = text;
  Str name = str_slice(text, l->descending ? 1 : 0, text.len);
  if (str_equal_c(name, "id")) {
    l->sort = l->resource->id_order;
    return true;
  }
  for (const SortField *s = l->resource->sorts; s && s->name; s++)
    if (str_equal_c(name, s->name)) {
      l->sort = field_column(resource_field(l->resource, name));
      l->only = s->only;
      return true;
    }
  Buf known = buf_new(l->ctx->arena, 300);
  for (const SortField *s = l->resource->sorts; s && s->name; s++) buf_format(&known, ", %s", s->name);
  return fail(l->err, ERR_INVALID, "%s cannot be sorted by \"%.*s\"; they can by id%.*s (with - in front: downwards)",
              l->resource->plural, STR_ARG(utf8_cut(name, 60)), STR_ARG(buf_str(&known)));
}

/* hex of "sort/choice value id" */
static Str make_cursor(Listing *l, i64 value, i64 id) {
  Str text = str_format(l->ctx->arena, "%.*s/%.*s %lld %lld", STR_ARG(l->sort_name), STR_ARG(l->bound),
                        (long long)value, (long long)id);
  return hex_encode(l->ctx->arena, text.ptr, text.len);
}

static bool add_cursor(Listing *l) {
  Str text = STR_NONE, sort = STR_NONE, rest, value_text_part, id_part;
  i64 value = 0, id = 0;
  if (l->query->cursor.len == 0) return true;
  bool ok = l->query->cursor.len <= 400 && hex_decode(l->ctx->arena, l->query->cursor, &text) &&
            str_cut(text, ' ', &sort, &rest) && str_cut(rest, ' ', &value_text_part, &id_part) &&
            str_to_i64(value_text_part, INT64_MIN, INT64_MAX, &value) && str_to_i64(id_part, INT64_MIN, INT64_MAX, &id);
  Str made_for = STR_NONE, choice = STR_NONE;
  ok = ok && str_cut(sort, '/', &made_for, &choice);
  if (!ok || !str_equal(made_for, l->sort_name) || !str_equal(choice, l->bound))
    return fail(l->err, ERR_INVALID,
                "the cursor does not belong to this list; begin again without one, with the same sort and filters");
  const char *op = l->descending ? "<" : ">";
  if (l->sort) {
    int v = add_arg(l, db_int(value));
    buf_format(&l->where, " AND (\"%s\", id) %s ($%d, $%d)", l->sort, op, v, add_arg(l, db_int(id)));
  } else
    buf_format(&l->where, " AND id %s $%d", op, add_arg(l, db_int(id)));
  return true;
}

/* Rows ------------------------------------------------------------------------------------------------------------ */

typedef struct Rows {
  Listing *listing;
  ValueVec items;
  i64 last_value, last_id;
  bool more;
  i64 seen;    /* rows that the statement gave */
  bool failed; /* err says why */
} Rows;

static bool take_item(const DbRow *row, void *ctx) {
  Rows *rows = ctx;
  Listing *l = rows->listing;
  if ((i64)rows->items.count == l->limit) {
    rows->more = true;
    return false;
  }
  Value whole = row_value(l->ctx, l->sql, row);
  bool match = true;
  rows->seen++;
  if (l->cel.rest && !cel_filter_row(&l->cel, l->ctx->arena, &whole, &match)) {
    rows->failed = true;
    return false;
  }
  if (!match) return true;
  rows->last_id = db_row_int(row, 0);
  if (l->sort) rows->last_value = db_row_int(row, db_row_columns(row) - 1);
  *VEC_PUSH(l->ctx->arena, &rows->items) = whole;
  return true;
}

static void put_order(const Listing *l, Buf *sql) {
  const char *direction = l->descending ? "DESC" : "ASC";
  buf_puts(sql, " ORDER BY ");
  if (l->sort) buf_format(sql, "\"%s\" %s, ", l->sort, direction);
  buf_format(sql, "id %s", direction);
}

/* FROM and WHERE: the index's range, cut before filters that no index serves look at it. */
static void put_source(const Listing *l, Buf *sql) {
  const char *table = l->resource->table;
  if (l->late.len == 0) {
    buf_format(sql, " FROM \"%s\" WHERE %.*s", table, STR_ARG(buf_str(&l->where)));
    return;
  }
  buf_format(sql, " FROM (SELECT * FROM \"%s\" WHERE %.*s", table, STR_ARG(buf_str(&l->where)));
  put_order(l, sql);
  buf_format(sql, " LIMIT %d) AS seen WHERE %.*s", LIST_SCAN_MAX, STR_ARG(buf_str(&l->late)));
}

static bool fits(const Listing *l, const Buf *sql) {
  if (!sql->overflow && !l->where.overflow && !l->late.overflow) return true;
  return fail(l->err, ERR_INVALID, "the list has too many filters; leave some out");
}

static Buf rows_sql(Listing *l, const char *before) {
  Buf sql = buf_new(l->ctx->arena, 3 * LIST_SQL_MAX);
  buf_format(&sql, "%sSELECT %.*s", before, STR_ARG(l->sql->select_list));
  if (l->sort) buf_format(&sql, ", \"%s\"", l->sort);
  put_source(l, &sql);
  if (l->late.len == 0) put_order(l, &sql); /* else the rows come in the order of the inner LIMIT, on both engines */
  buf_format(&sql, " LIMIT $%d", add_arg(l, db_int(l->cel.rest ? LIST_SCAN_MAX : l->limit + 1)));
  return sql;
}

static bool read_rows(Listing *l, Rows *rows) {
  Buf sql = rows_sql(l, "");
  return fits(l, &sql) && db_query_text(l->ctx->db, buf_str(&sql), l->arg_count, l->args, take_item, rows, l->err) &&
         !rows->failed;
}

static bool take_count(const DbRow *row, void *ctx) {
  *(i64 *)ctx = db_row_int(row, 0);
  return true;
}

/* A page that is not full although the scan was cut would hide rows: refused instead. */
static bool refuse_cut_scan(Listing *l, const Rows *rows) {
  i64 seen = rows->seen;
  bool late = l->late.len > 0;
  if ((!late && !l->cel.rest) || rows->more) return true;
  Buf sql = buf_new(l->ctx->arena, 2 * LIST_SQL_MAX);
  buf_format(&sql, "SELECT count(*) FROM (SELECT 1 FROM \"%s\" WHERE %.*s LIMIT %d) AS seen", l->resource->table,
             STR_ARG(buf_str(&l->where)), LIST_SCAN_MAX);
  if (late && !db_query_text(l->ctx->db, buf_str(&sql), l->arg_count, l->args, take_count, &seen, l->err)) return false;
  if (seen < LIST_SCAN_MAX) return true;
  return fail(l->err, ERR_INVALID,
              "these filters would look through more than %d %s; add since and until, or a filter that an index serves",
              LIST_SCAN_MAX, l->resource->plural);
}

static bool read_total(Listing *l, ResourceList *out) {
  Buf sql = buf_new(l->ctx->arena, 3 * LIST_SQL_MAX);
  i64 total = 0;
  if (l->cel.rest)
    return fail(
        l->err, ERR_INVALID,
        "total cannot be counted here: \"%.*s\" is evaluated row by row; leave total out, or compare fields with "
        "==, !=, <, in, startsWith, endsWith, contains only",
        STR_ARG(utf8_cut(cel_source(l->cel.rest), 200)));
  buf_puts(&sql, "SELECT count(*) FROM (SELECT 1");
  put_source(l, &sql);
  buf_format(&sql, " LIMIT %d) AS counted", LIST_TOTAL_MAX + 1);
  if (!fits(l, &sql) || !db_query_text(l->ctx->db, buf_str(&sql), l->arg_count, l->args, take_count, &total, l->err))
    return false;
  out->total_more = total > LIST_TOTAL_MAX;
  out->total = MIN(total, (i64)LIST_TOTAL_MAX);
  return true;
}

/* The door -------------------------------------------------------------------------------------------------------- */

/* An order by a partial index needs a filter that keeps to it: else every row would be sorted. */
static bool keeps_to_index(Listing *l) {
  if (!l->only || str_find(buf_str(&l->where), str_from_c(l->only), 0) != SIZE_MAX) return true;
  Buf words = buf_new(l->ctx->arena, 400);
  for (const FilterHint *hint = l->resource->hints; hint && hint->name; hint++)
    for (size_t i = 0; strcmp(hint->sql, l->only) == 0 && hint->values[i]; i++)
      buf_format(&words, "%s%s=%s", i ? "&" : "", hint->name, hint->values[i]);
  return fail(l->err, ERR_INVALID, "%s can be sorted by %.*s only among those of %.*s; add that, or sort by id",
              l->resource->plural, STR_ARG(str_slice(l->sort_name, l->descending ? 1 : 0, l->sort_name.len)),
              STR_ARG(buf_str(&words)));
}

static bool prepare(Listing *l) {
  const Resource *r = l->resource;
  l->limit = l->query->limit ? l->query->limit : LIST_LIMIT_DEFAULT;
  if (!(r->verbs & VERB_LIST)) return fail(l->err, ERR_FORBIDDEN, "%s cannot be listed", r->plural);
  if (l->limit < 1 || l->limit > LIST_LIMIT_MAX)
    return fail(l->err, ERR_INVALID, "limit must be from 1 to %d", LIST_LIMIT_MAX);
  return resource_fields_check(l->ctx->arena, r, l->query->fields, l->err) && read_sort(l) && build_where(l) &&
         keeps_to_index(l);
}

static Listing *listing(ResourceCtx *ctx, const Resource *r, const ListQuery *query, Error *err) {
  Listing *l = ARENA_NEW(ctx->arena, Listing);
  *l = (Listing){.ctx = ctx, .resource = r, .sql = registry_sql(ctx->registry, r), .query = query, .err = err};
  return l;
}

bool resource_list(ResourceCtx *ctx, const Resource *r, const ListQuery *query, ResourceList *out, Error *err) {
  Listing *l = listing(ctx, r, query, err);
  ResourceList list = {.total = -1};
  Rows rows = {.listing = l};
  bool was_listing = ctx->listing;
  ctx->listing = true;
  bool ok = prepare(l) && (!query->total || read_total(l, &list)) && add_cursor(l) && read_rows(l, &rows) &&
            refuse_cut_scan(l, &rows);
  /* rendered when the statement has ended: hooks may ask the database */
  for (size_t i = 0; ok && i < rows.items.count; i++)
    rows.items.items[i] =
        resource_fields_only(ctx->arena, l->query->fields, resource_render(ctx, r, &rows.items.items[i]));
  ctx->listing = was_listing;
  if (!ok) return false;
  list.items = list_done(&rows.items);
  if (rows.more) list.next_cursor = make_cursor(l, rows.last_value, rows.last_id);
  *out = list;
  return true;
}

static bool take_step(const DbRow *row, void *ctx) {
  buf_put(ctx, db_row_peek(row, db_row_columns(row) - 1));
  buf_putc(ctx, '\n');
  return true;
}

bool resource_list_plan(ResourceCtx *ctx, const Resource *r, const ListQuery *query, Str *out, Error *err) {
  Listing *l = listing(ctx, r, query, err);
  Buf plan = buf_new(ctx->arena, KIB(8));
  if (!prepare(l) || !add_cursor(l)) return false;
  Buf sql = rows_sql(l, db_is_shared(ctx->db) ? "EXPLAIN (COSTS OFF) " : "EXPLAIN QUERY PLAN ");
  if (!db_query_text(ctx->db, buf_str(&sql), l->arg_count, l->args, take_step, &plan, err)) return false;
  *out = buf_str(&plan);
  return true;
}

Value resource_list_value(ResourceCtx *ctx, const ResourceList *list) {
  MapBuilder map = map_builder(ctx->arena);
  map_put_c(&map, "items", list->items);
  map_put_c(&map, "next_cursor", list->next_cursor.len ? value_string(list->next_cursor) : value_null());
  if (list->total >= 0) {
    map_put_c(&map, "total", value_int(list->total));
    if (list->total_more) map_put_c(&map, "total_is_minimum", value_bool(true));
  }
  return map_done(&map);
}
