/* The registry's inside, shared by its files and by nobody else. */
#ifndef TOCSIN_RESOURCE_INTERNAL_H
#define TOCSIN_RESOURCE_INTERNAL_H

#include "lang/cel/cel.h"
#include "resource/resource.h"

enum { COLUMNS_MAX = 96, POINTER_MAX = 256, NESTING_MAX = 12, JSON_BYTES_MAX = 65536, TEXT_MAX_DEFAULT = 1000 };

/* The end of the year 9999: the last time that RFC 3339 can say. */
#define TIME_MS_MAX ((i64)253402300799999)

/* The statements of one resource, built once; `columns` are its fields with a column, in order of the table. */
typedef struct ResourceSql {
  const Resource *resource;
  const Field *columns[COLUMNS_MAX];
  size_t column_count;
  const Field *updates[COLUMNS_MAX]; /* that an update may write */
  size_t update_count;
  Str select_list;
  DbStmt select, insert, update, remove, exists, by_slug, slugs, by_number, by_lookup, label;
  DbStmt unique[8];
  const Field *unique_fields[8];
  size_t unique_count;
  DbStmt children[8]; /* rows of `child_resources[i]` that this one owns */
  const Resource *child_resources[8];
  size_t child_count;
} ResourceSql;

struct Registry {
  Arena *arena;
  const Resource *const *list;
  ResourceSql *sql;
  size_t count;
  Map *by_name, *by_plural, *by_prefix;
};

const ResourceSql *registry_sql(const Registry *registry, const Resource *resource);

/* sql.c */
void sql_build(Registry *registry, ResourceSql *sql);
static inline const char *field_column(const Field *field) {
  return field->column ? field->column : field->name;
}
static inline const char *org_column(const Resource *resource) {
  return resource->is_organization ? "id" : "org_id";
}

/* row.c: columns and the API form */
Value row_value(ResourceCtx *ctx, const ResourceSql *sql, const DbRow *row);
DbValue column_value(ResourceCtx *ctx, const Field *field, const Value *value);
/* $-parameter of a text in a filter; false: the text cannot be such a value. */
MUST_CHECK bool filter_value(ResourceCtx *ctx, const Resource *resource, const Field *field, Str text, DbValue *out,
                             Error *err);

/* scope.c: adds " AND (...)" for what the caller may not see; args are appended to. */
void sight_put(const ResourceCtx *ctx, const Resource *resource, Buf *where, DbValue *args, size_t *arg_count);

/* check.c, check_nested.c: one value against its field. False: something was reported. *out only then undefined. */
typedef struct Checker {
  ResourceCtx *ctx;
  char pointer[POINTER_MAX];
  size_t length;
  u32 depth;
} Checker;
size_t checker_push(Checker *checker, Str name);
size_t checker_push_index(Checker *checker, size_t index);
void checker_pop(Checker *checker, size_t length);
/* What people call it: its name, or "item 2 of members". */
const char *checker_label(Checker *checker, const Field *field);
bool check_value(Checker *checker, const Field *field, const Value *in, Value *out);
bool check_nested(Checker *checker, const Field *field, const Value *in, Value *out);
/* What a field holds when nothing was given. */
Value field_default(Arena *arena, const Field *field);
void report_unknown(Checker *checker, const Field *fields, size_t count, const char *tag, Str name);

/* write.c: sums up ctx->errors; true when there is none. */
MUST_CHECK bool errors_none(ResourceCtx *ctx, Error *err);

/* filter.c: filter=<CEL> of a list, cut into what an index, a statement, or only the evaluator answers. */
typedef struct CelFilter {
  /* in */
  ResourceCtx *ctx;
  const Resource *resource;
  Error *err;
  int (*add_arg)(void *listing, DbValue value); /* the parameter's number; 0: there are too many */
  void *listing;
  size_t *arg_count; /* set back when a part could not be translated */
  /* out */
  VEC(ListFilter) equalities;
  Buf sql;                /* empty: nothing */
  const CelProgram *rest; /* NULL: nothing */
  /* its own */
  CelEnv *env;
  const CelVar *vars;
  size_t var_count;
  Str source;
} CelFilter;
MUST_CHECK bool cel_filter_build(CelFilter *filter, Str source);
/* filter_labels.c: a comparison of one label, and whether there is one; false: it is none of these. */
struct Node;
bool label_equality_sql(CelFilter *filter, Buf *out, const struct Node *left, const struct Node *right, bool equal);
bool label_presence_sql(CelFilter *filter, Buf *out, const struct Node *node);
/* The field that the node names; NULL: it names none. */
const Field *filter_column(const CelFilter *filter, const struct Node *node);
/* filter_words.c: false when a field is compared with a literal that it never is. */
MUST_CHECK bool filter_words_check(const CelFilter *filter, const struct Node *root);
/* Does the rest hold for this row (API form)? An error of its expression is no. */
MUST_CHECK bool cel_filter_row(const CelFilter *filter, Arena *arena, const Value *row, bool *out_match);

/* ref.c */
MUST_CHECK bool refs_write(ResourceCtx *ctx, const Resource *resource, i64 id, const Value *row, Error *err);
MUST_CHECK bool refs_clear(ResourceCtx *ctx, const Resource *resource, i64 id, Error *err);
MUST_CHECK bool refs_refuse(ResourceCtx *ctx, const Resource *resource, i64 id, Error *err);
/* What people call a row: its name, title or label, else its id. */
Str row_label(ResourceCtx *ctx, const Resource *resource, i64 id);

/* slug.c */
bool slug_valid(Str slug);
void slug_check(ResourceCtx *ctx, const Value *given);
MUST_CHECK bool slug_choose(ResourceCtx *ctx, const Resource *resource, const Value *fresh, Str *out, Error *err);

#endif
