/* List: the options become a query, pages become one list. */
#include "cli/list.h"

#include <string.h>

enum { PAGE_ROWS = 1000, QUERY_BYTES_MAX = 64 * 1024, ROWS_MAX = 200000 };

Str list_path_of(Arena *arena, const Resource *kind, const char *id) {
  return str_format(arena, "/api/v1/%s/%.*s", kind->plural, STR_ARG(client_escape(arena, str_from_c(id))));
}

/* The query -----------------------------------------------------------------------------------------------------------
 */

static void put_query(Arena *arena, Buf *query, Str name, Str value) {
  buf_format(query, "%.*s=%.*s&", STR_ARG(client_escape(arena, name)), STR_ARG(client_escape(arena, value)));
}

/* "status=triggered" is a plain filter; "status == 'triggered'" is CEL, in which a single = means nothing. */
static bool is_plain_filter(Str text, Str *out_name, Str *out_value) {
  if (!str_cut(text, '=', out_name, out_value) || out_name->len == 0 || str_starts_with(*out_value, S("=")))
    return false;
  for (size_t i = 0; i < out_name->len; i++) {
    char c = out_name->ptr[i];
    if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '.')) return false;
  }
  return true;
}

/* Several expressions must hold together. */
static void put_filters(const Verb *verb, Buf *query) {
  Buf cel = buf_new(verb->arena, QUERY_BYTES_MAX);
  for (size_t i = 0; i < verb->repeated_count; i++) {
    Str name, value;
    if (is_plain_filter(verb->repeated[i], &name, &value))
      put_query(verb->arena, query, name, value);
    else
      buf_format(&cel, "%s(%.*s)", cel.len ? " && " : "", STR_ARG(verb->repeated[i]));
  }
  Str text = buf_str(&cel);
  if (text.len && str_find(text, S(") && ("), 0) == SIZE_MAX) text = str_slice(text, 1, text.len - 1);
  if (text.len) put_query(verb->arena, query, S("filter"), text);
}

static bool put_times(const Verb *verb, Buf *query, Error *err) {
  static const char *const TIMES[] = {"since", "until"};
  for (size_t i = 0; i < COUNT(TIMES); i++) {
    const char *text = options_get(verb->options, TIMES[i]);
    Str time = STR_NONE;
    if (!text) continue;
    if (!verb_time(verb->arena, str_from_c(text), -1, &time, err)) return error_prefix(err, "--%s: ", TIMES[i]);
    put_query(verb->arena, query, str_from_c(TIMES[i]), time);
  }
  return true;
}

static bool list_query(const Verb *verb, Buf *query, Error *err) {
  static const char *const PASSED_ON[] = {"sort", "cursor"};
  for (size_t i = 0; i < COUNT(PASSED_ON); i++) {
    const char *value = options_get(verb->options, PASSED_ON[i]);
    if (value) put_query(verb->arena, query, str_from_c(PASSED_ON[i]), str_from_c(value));
  }
  put_filters(verb, query);
  return put_times(verb, query, err) &&
         (!query->overflow || fail(err, ERR_INVALID, "the filters have more than %d bytes", QUERY_BYTES_MAX));
}

/* Pages ---------------------------------------------------------------------------------------------------------------
 */

typedef struct Pages {
  Client *client;
  const Resource *kind;
  Str query; /* ends with & or is empty */
  i64 limit; /* rows wanted */
  ValueVec rows;
  Str cursor; /* of what is left */
} Pages;

static int read_page(Pages *p, i64 rows) {
  Arena *arena = client_arena(p->client);
  Value answer = value_null();
  Str path = str_format(arena, "/api/v1/%s?%.*slimit=%lld", p->kind->plural, STR_ARG(p->query), (long long)rows);
  if (p->cursor.len)
    path = str_format(arena, "%.*s&cursor=%.*s", STR_ARG(path), STR_ARG(client_escape(arena, p->cursor)));
  int code = client_call(p->client, "GET", path, NULL, &answer);
  if (code != EXIT_DONE) return code;
  const Value *items = value_get_c(&answer, "items");
  if (!value_is(items, VALUE_LIST)) {
    fprintf(stderr, "tocsin: %s answers, but not with a list of %s\n", client_url(p->client), p->kind->plural);
    return EXIT_FAILED;
  }
  for (size_t i = 0; i < items->size; i++) *VEC_PUSH(arena, &p->rows) = *value_at(items, i);
  p->cursor = value_text_or(value_get_c(&answer, "next_cursor"), STR_NONE);
  return EXIT_DONE;
}

static int read_pages(Pages *p, bool quiet) {
  size_t pages = (size_t)((p->limit + PAGE_ROWS - 1) / PAGE_ROWS);
  Progress progress = progress_start("pages", pages, quiet);
  int code = EXIT_DONE;
  do {
    i64 rows = MIN(p->limit - (i64)p->rows.count, (i64)PAGE_ROWS);
    code = read_page(p, rows);
    progress_step(&progress);
  } while (code == EXIT_DONE && p->cursor.len && (i64)p->rows.count < p->limit);
  progress_end(&progress);
  return code;
}

int list_all(Client *client, const Resource *kind, const char *query, Value *out) {
  Pages pages = {.client = client, .kind = kind, .query = str_from_c(query), .limit = ROWS_MAX};
  int code = read_pages(&pages, true);
  *out = list_done(&pages.rows);
  return code;
}

static Value as_answer(Arena *arena, const Value *items, Str cursor) {
  MapBuilder map = map_builder(arena);
  map_put_c(&map, "items", *items);
  map_put_c(&map, "next_cursor", cursor.len ? value_string(cursor) : value_null());
  return map_done(&map);
}

static void say_none(const Verb *verb, const Resource *kind, const char *none, bool filtered) {
  if (verb->quiet) return;
  if (none && !filtered)
    fprintf(stderr, "%s\n", none);
  else
    fprintf(stderr, "there are no %s%s\n", kind->plural, filtered ? " like that" : "");
}

int list_show(Verb *verb, const Resource *kind, const char *fixed, const char *none) {
  Buf query = buf_new(verb->arena, QUERY_BYTES_MAX);
  Error err = {0};
  buf_puts(&query, fixed);
  if (!list_query(verb, &query, &err)) return verb_usage("%s", err.message);
  Pages pages = {
      .client = verb->client, .kind = kind, .query = buf_str(&query), .limit = options_number(verb->options, "limit")};
  if (pages.limit < 1 || pages.limit > ROWS_MAX) return verb_usage("--limit is 1 to %d", ROWS_MAX);
  int code = read_pages(&pages, verb->quiet);
  if (code != EXIT_DONE) return code;
  Value items = list_done(&pages.rows), answer = as_answer(verb->arena, &items, pages.cursor);
  if (!verb_printed(verb, &answer)) {
    if (items.size)
      print_table(verb->client, &verb->screen, kind_columns(verb->arena, kind), &items, verb->output == OUTPUT_WIDE);
    else
      say_none(verb, kind, none, query.len > strlen(fixed));
  }
  if (pages.cursor.len && !verb->quiet)
    fprintf(stderr, "there are more: --limit N, or --cursor %.*s\n", STR_ARG(pages.cursor));
  return EXIT_DONE;
}

int list_show_one(Verb *verb, const Resource *kind, const char *id) {
  Value answer = value_null();
  int code = client_call(verb->client, "GET", list_path_of(verb->arena, kind, id), NULL, &answer);
  if (code != EXIT_DONE || verb_printed(verb, &answer)) return code;
  print_members(verb->client, &verb->screen, kind, &answer);
  return EXIT_DONE;
}
