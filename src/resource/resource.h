/* resource/: one declaration per resource. A table of fields drives validation, SQL, references, audit and lists; what
 * is said once cannot drift. Nothing here knows HTTP, and nothing opens a transaction: every function runs inside the
 * caller's. When a write fails, the caller undoes it (a command's savepoint does).
 *
 * The one form of a resource is its API form, a map: ids and references as typed text ("svc_01..."), times as RFC 3339,
 * priorities as "p1" or null. Hooks see this form, whole, secrets included; columns are made from it and read back into
 * it.
 *
 *   ResourceCtx ctx = {.db = db, .arena = arena, .org_id = org, .now_ms = now, .ids = &ids, .zones = zones, .actor =
 * who, .registry = registry}; if (!resource_create(&ctx, registry_find(registry, S("service")), &body, &made, &err))
 *     ... ctx.errors lists every wrong member, err sums them up
 *
 * Adding a resource: README.md. */
#ifndef TOCSIN_RESOURCE_RESOURCE_H
#define TOCSIN_RESOURCE_RESOURCE_H

#include "db/db.h"
#include "lang/time.h"
#include "lang/value.h"

typedef struct Registry Registry;
typedef struct Resource Resource;
typedef struct ResourceCtx ResourceCtx;
typedef struct Field Field;

/* Fields ---------------------------------------------------------------------------------------------------------- */

/* kind         JSON                                        column */
typedef enum FieldKind {
  F_TEXT,       /* text                                     text */
  F_INT,        /* whole number                             integer */
  F_BOOL,       /* true, false                              0, 1 */
  F_ENUM,       /* one of `values`                          its text, or its number when `numbered` */
  F_TIME,       /* RFC 3339, or ms since the epoch          ms */
  F_REF,        /* id, slug, number or e-mail; out: id      integer (inside JSON: the typed id) */
  F_LABELS,     /* map of text to text                      JSON */
  F_LIST,       /* list of `of`                             JSON */
  F_OBJECT,     /* map of `fields`                          JSON */
  F_UNION,      /* map; the member `tag` names its variant  JSON */
  F_JSON,       /* anything, at most 64 KiB of text         JSON */
  F_CEL,        /* an expression; ctx->check_cel compiles   text */
  F_LOCAL_TIME, /* 2026-01-05T09:00:00, no offset           text */
  F_ZONE,       /* a name of the zone database              text */
  F_EMAIL,      /* an address; kept in lower case           text */
  F_PRIORITY,   /* p1 .. p4 or null                         1 .. 4, 0 for null */
  F_ACTOR,      /* {kind, id, name}; read only              JSON */
  F_KIND_COUNT
} FieldKind;
const char *field_kind_name(FieldKind kind);

typedef struct EnumValue {
  const char *text; /* NULL ends the table */
  i64 number;       /* stored when the field is `numbered` */
  const char *doc;
} EnumValue;
/* Both directions of an enum table; NULL and false when unknown. */
const EnumValue *enum_by_text(const EnumValue *values, Str text);
const EnumValue *enum_by_number(const EnumValue *values, i64 number);

struct Field {
  const char *name;
  FieldKind kind;
  bool required;   /* of a read-only field: answers always have one */
  bool unique;     /* within the organization */
  bool everywhere; /* unique: among all organizations (it stands in URLs) */
  bool nullable;   /* null is kept as a value although `def` is set */
  bool read_only;  /* never taken from input; equal to what is stored is ignored */
  bool write_only; /* a secret: never answered, never audited */
  bool immutable;  /* taken at creation only */
  bool filled;     /* required, but `prepare` gives one when the input has none */
  bool hidden;     /* a column that only hooks see: no input, no output, no audit */
  bool computed;   /* no column: the render hook answers it */
  bool owner;      /* F_REF: this row is a part of its target and goes with it */
  bool numbered;   /* F_ENUM: stored as number */
  const char *def; /* text kinds, enums: the text itself; others: JSON */
  i64 min, max;    /* characters, value or count of items; both 0: the kind's own ceiling */
  const EnumValue *values;
  const char *ref;     /* F_REF: the resource's name */
  const char *ref_by;  /* F_REF: instead, the sibling that holds the resource's name (read only) */
  const Field *of;     /* F_LIST: its items */
  const Field *fields; /* F_OBJECT: members. F_UNION: variants, each an F_OBJECT named by the tag's value */
  size_t field_count;
  const char *tag;    /* F_UNION: "type" or "kind" */
  const char *cel;    /* F_CEL: which environment ("rule", "event") */
  const char *column; /* when it differs from the name */
  const char *filter; /* takes equality filters: the index that serves it, or FILTER_SCAN */
  const char *doc;
  const char *example;
  /* Further checks of a value that is already of the right kind; may replace *value. Reports through field_error. */
  void (*check)(ResourceCtx *ctx, const Field *field, const char *pointer, Value *value);
};
/* No index: such a filter sees at most 20,000 rows of the list's order, else the answer is an error that says what to
 * add. */
#define FILTER_SCAN   "scan"
#define FIELDS(table) .fields = (table), .field_count = COUNT(table)

/* Resources ------------------------------------------------------------------------------------------------------- */

typedef enum ResourceVerbs {
  VERB_CREATE = 1,
  VERB_READ = 2,
  VERB_LIST = 4,
  VERB_UPDATE = 8,
  VERB_DELETE = 16,
  VERBS_LOG = VERB_READ | VERB_LIST,
  VERBS_ALL = VERB_CREATE | VERB_READ | VERB_LIST | VERB_UPDATE | VERB_DELETE
} ResourceVerbs;

typedef struct SortField {
  const char *name;  /* of a field whose column is never NULL */
  const char *index; /* that serves it */
  const char *only; /* the condition of a partial index, as a FilterHint of the resource has it; NULL: holds all rows */
} SortField;

/* When every value of a filter is among `values`, `sql` is added, so that the planner may use a partial index; when
 * they are just these, it stands for the filter. So it is true exactly where the column has one of them. */
typedef struct FilterHint {
  const char *name;
  const char *const *values; /* NULL-terminated */
  const char *sql;
} FilterHint;

/* Whose rows: of nothing, the person's own, of the teams they lead, of their teams, all. */
typedef enum RowScope { ROWS_NONE, ROWS_OWN, ROWS_LED, ROWS_TEAM, ROWS_ALL } RowScope;

/* Every resource also has id, created_at, updated_at, version, and slug or number when it says so. */
struct Resource {
  const char *name;   /* "service" */
  const char *plural; /* "services": the path and the kind of the command line */
  const char *prefix; /* "svc" */
  const char *table;
  const char *doc;
  const Field *fields;
  size_t field_count;
  bool has_slug;            /* from `name`, with -2, -3 ...; stable when renamed; may be given at creation */
  const char *number;       /* "INC": people say INC-42; NULL: none */
  const char *lookup;       /* a unique field that names a row too ("email"); NULL: none */
  bool configured;          /* people configure it: exports list it, files may make it */
  const char *const *key;   /* without slug or lookup: the fields that tell rows apart in files; ended by NULL */
  unsigned verbs;           /* ResourceVerbs */
  const char *remains;      /* the resource that keeps a record, under the same id, of rows that are gone; NULL: none */
  bool is_organization;     /* its id is the organization */
  bool bare;                /* a log: no created_at, updated_at, version */
  const char *time_column;  /* since and until; NULL: the id's own time */
  const char *default_sort; /* NULL: "id" */
  const char *id_order;     /* an integer column that rises with the id and shares an index with org_id; NULL: the id */
  const SortField *sorts;   /* ended by a NULL name; "id" always works */
  const FilterHint *hints;  /* ended by a NULL name; may be NULL */
  /* Who may see or change which rows (scope.c). Conditions name columns of the row bare; {org}, {user} and {teams} (a
   * list of ids) stand for the caller's. */
  const char *team_column;  /* whose it is; rows of no team are seen by everybody */
  const char *team_sql;     /* instead of a column: true for rows of {teams} */
  bool team_shared;         /* rows of no team may be changed by whoever may change those of a team */
  const char *owner_column; /* the person whose own it is */
  const char *private_sql;  /* true when the row is part of nothing private that is hidden from {user} */

  /* Hooks; each may be NULL. False refuses (err says why); wrong members go through field_error instead. */
  /* Before validation: fill what was not given. `old` is NULL at creation; draft is the input. */
  bool (*prepare)(ResourceCtx *ctx, const Value *old, Value *draft, Error *err);
  /* Every member is valid: rules between members, derived columns. May change *fresh through resource_put. */
  bool (*before_write)(ResourceCtx *ctx, const Value *old, Value *fresh, Error *err);
  /* Instead of the INSERT: the domain makes the row (a declared incident). Audit and answer are still done here. */
  bool (*create)(ResourceCtx *ctx, const Value *fresh, i64 *out_id, Error *err);
  bool (*after_write)(ResourceCtx *ctx, const Value *old, const Value *fresh, Error *err);
  bool (*before_delete)(ResourceCtx *ctx, const Value *old, Error *err);
  bool (*after_delete)(ResourceCtx *ctx, const Value *old, Error *err);
  /* Adds or replaces members of the answer: computed fields. `row` is whole. */
  void (*render)(ResourceCtx *ctx, const Value *row, MapBuilder *out);
};

/* Context --------------------------------------------------------------------------------------------------------- */

/* What the caller may see. Rows outside do not exist for them: reading, listing, counting, naming and every verb go
 * through it. */
typedef struct Sight {
  i64 user_id;      /* 0: a service's key */
  bool private_too; /* also what is private */
  const i64 *led_team_ids;
  size_t led_count;
  RowScope (*of)(const struct Sight *sight, const Resource *resource);
} Sight;

typedef struct Actor {
  const char *kind; /* "user", "key", "rule", "runbook", "system" */
  Str id;           /* typed id; empty: none */
  Str name;
} Actor;

typedef struct FieldError {
  Str pointer;      /* "/levels/0/targets/1/id" */
  const char *code; /* required, unknown, type, range, length, format, choice, not_found, taken, read_only, immutable,
                       expression */
  Str message;      /* what was wrong, with what value, what to do */
} FieldError;

enum {
  FIELD_ERRORS_MAX = 100,
  LIST_LIMIT_DEFAULT = 50,
  LIST_LIMIT_MAX = 1000,
  LIST_TOTAL_MAX = 10000,
  LIST_SCAN_MAX = 20000
};

/* Every wrong member of a write, not only the first; the errors[] of problem+json. */
typedef VEC(FieldError) FieldErrors;

struct ResourceCtx {
  Db *db;
  Arena *arena; /* answers, errors and all in between live here */
  i64 org_id;   /* 0 only while an organization is created */
  i64 now_ms;
  IdGen *ids;
  ZoneDb *zones;
  Actor actor;
  const Registry *registry;
  void *app;              /* the hooks' own */
  const void *hooks;      /* the hooks' own: core/resources.h has CoreHooks */
  const char *public_url; /* without a slash at the end */
  bool administrator;     /* may do what only owners and administrators may ("verified" of an address) */
  bool listing;           /* set by resource_list: render hooks leave out what costs a query and is large */
  /* Compiles an F_CEL field; NULL: not checked. err: the sentence with line and column. */
  bool (*check_cel)(ResourceCtx *ctx, const Field *field, Str source, Error *err);
  /* Told of each row written or deleted (version 0), to publish and to refresh pictures; may be NULL. */
  void (*changed)(ResourceCtx *ctx, const Resource *resource, i64 id, i64 version);
  const struct Sealer *sealer; /* seals what is write_only; NULL: stored as it is (base/seal.h) */
  const Value *restored;       /* the hooks' own: the row as an earlier version had it, while that is restored */
  Str address, via;            /* from where, and by which key or session: for the audit */
  const Sight *sight;          /* what the caller may see; NULL: everything, for the server itself */
  /* out */
  FieldErrors errors; /* of the last create or update */
  Value once;         /* a map of members that a hook shows once, at creation ("key"); null: none */
};

/* A map against a table of fields that belongs to no resource: the body of a verb. *out has every member, in the API
 * form. ERR_INVALID with ctx->errors. */
MUST_CHECK bool resource_check(ResourceCtx *ctx, const Field *fields, size_t count, const Value *in, Value *out,
                               Error *err);
/* "; did you mean \"name\"?", or all names when none is near. */
Str resource_suggest(Arena *arena, Str wrong, const char *const *names, size_t count);
/* Adds one wrong member. Past FIELD_ERRORS_MAX they are only counted as wrong. */
void field_error(ResourceCtx *ctx, const char *pointer, const char *code, const char *format, ...) PRINTF_LIKE(4, 5);
/* Sets a member of a map (a new map: values are immutable). */
void resource_put(ResourceCtx *ctx, Value *map, const char *name, Value value);

/* The registry ---------------------------------------------------------------------------------------------------- */

/* Checks the tables against each other (names, prefixes, references, docs) and builds every statement. `list` must
 * outlive it. */
MUST_CHECK bool registry_new(const Resource *const *list, size_t count, Registry **out, Error *err);
void registry_free(Registry *registry);
size_t registry_count(const Registry *registry);
const Resource *registry_at(const Registry *registry, size_t i);
/* NULL when unknown. */
const Resource *registry_find(const Registry *registry, Str name);
const Resource *registry_plural(const Registry *registry, Str plural);
const Resource *registry_prefix(const Registry *registry, Str prefix); /* also of a whole typed id */
const Field *resource_field(const Resource *resource, Str name);

/* The slug that a name gives when nothing else has it; `otherwise` when it holds no letter or digit. */
Str resource_slug_of(Arena *arena, Str name, const char *otherwise);

/* Reading --------------------------------------------------------------------------------------------------------- */

/* id text, slug, number ("INC-42" or "42"), e-mail of users. ERR_NOT_FOUND names what was sought and how to name it. */
MUST_CHECK bool resource_resolve(ResourceCtx *ctx, const Resource *resource, Str text, i64 *out_id, Error *err);
/* The same for a row that is gone and of which a record remains: its id text or number as it was. */
MUST_CHECK bool resource_resolve_record(ResourceCtx *ctx, const Resource *resource, Str text, i64 *out_id);
MUST_CHECK bool resource_get(ResourceCtx *ctx, const Resource *resource, i64 id, Value *out, Error *err);
/* Everything, secrets and hidden columns included: for the domain, never for answers. */
MUST_CHECK bool resource_load(ResourceCtx *ctx, const Resource *resource, i64 id, Value *out, bool *out_found,
                              Error *err);
/* Does the row exist for the caller? Only where something may be hidden from them; a row that is gone may be "seen". */
MUST_CHECK bool resource_seen(ResourceCtx *ctx, const Resource *resource, i64 id, bool *out, Error *err);
/* Is the row within these rows of the caller's? For changes rows of no team are the organization's, unless the
 * resource shares them. */
MUST_CHECK bool resource_within(ResourceCtx *ctx, const Resource *resource, i64 id, RowScope scope, bool *out,
                                Error *err);
/* Where a sealed secret stands: it opens nowhere else. */
Str resource_secret_place(Arena *arena, const char *field, i64 org_id);
/* The answer's form of a loaded row. */
Value resource_render(ResourceCtx *ctx, const Resource *resource, const Value *row);
Str resource_id_text(ResourceCtx *ctx, const Resource *resource, i64 id);
/* The integer behind a typed id in a member; 0 when it is null. */
i64 resource_ref_id(const Registry *registry, const Value *ref);

typedef struct ListFilter {
  Str name;
  const Str *values; /* any of them; "null" or the empty text: has none */
  size_t count;
} ListFilter;

typedef struct ListQuery {
  i64 limit;        /* 0: 50; at most 1,000 */
  Str cursor;       /* next_cursor of the page before */
  Str sort;         /* "id", "-id", or a field with an index */
  Str filter;       /* a CEL expression over the fields */
  Str fields;       /* names, with commas between: only these members, and the id */
  Str since, until; /* RFC 3339 or ms; since is inclusive, until is not */
  bool total;       /* count too: exact up to 10,000 */
  const ListFilter *filters;
  size_t filter_count;
} ListQuery;

typedef struct ResourceList {
  Value items;     /* a list */
  Str next_cursor; /* empty: this was the last page */
  i64 total;       /* -1: not asked for */
  bool total_more; /* there are more than `total` */
} ResourceList;

/* Reads names and values of a query string; what is no option is a filter, repeated names mean or. */
MUST_CHECK bool resource_query_read(Arena *arena, const Str *names, const Str *values, size_t count, ListQuery *out,
                                    Error *err);
/* fields=a,b of a list or of one row: are all members of the resource? And the row with only these and its id. */
MUST_CHECK bool resource_fields_check(Arena *arena, const Resource *resource, Str fields, Error *err);
Value resource_fields_only(Arena *arena, Str fields, Value row);
/* Pages by key: rows inserted meanwhile neither repeat nor hide others. Cost: one index range of limit + 1 rows. */
MUST_CHECK bool resource_list(ResourceCtx *ctx, const Resource *resource, const ListQuery *query, ResourceList *out,
                              Error *err);
/* How the database would run this list, one step a line: for tests and doctor. */
MUST_CHECK bool resource_list_plan(ResourceCtx *ctx, const Resource *resource, const ListQuery *query, Str *out,
                                   Error *err);
/* {"items": [...], "next_cursor": ..., "total"?: n} */
Value resource_list_value(ResourceCtx *ctx, const ResourceList *list);

/* Writing --------------------------------------------------------------------------------------------------------- */

/* ERR_INVALID with ctx->errors; ERR_CONFLICT when the only thing wrong is that something is taken. */
MUST_CHECK bool resource_create(ResourceCtx *ctx, const Resource *resource, const Value *body, Value *out, Error *err);
/* JSON merge patch (RFC 7386). if_version: the version of If-Match, 0 none; another one is ERR_PRECONDITION. A patch
 * that changes nothing writes nothing. */
MUST_CHECK bool resource_update(ResourceCtx *ctx, const Resource *resource, i64 id, const Value *patch, i64 if_version,
                                Value *out, Error *err);
/* Writes down a verb: rows as resource_load gives them, NULL: there was none. Secrets are named, never shown; of a
 * change only what became different is kept. Creating, changing and deleting do this themselves. */
MUST_CHECK bool resource_audit(ResourceCtx *ctx, const Resource *resource, i64 id, const char *verb,
                               const Value *before, const Value *after, Error *err);
/* ERR_PRECONDITION names the present version, unless if_version is 0 or that of the row. */
MUST_CHECK bool resource_at_version(const Resource *resource, const Value *row, i64 if_version, Error *err);
/* ERR_CONFLICT names what refers to it. Rows that it owns (Field.owner) go with it. */
MUST_CHECK bool resource_delete(ResourceCtx *ctx, const Resource *resource, i64 id, i64 if_version, Error *err);

#endif
