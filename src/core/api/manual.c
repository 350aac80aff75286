/* The API for people: the OpenAPI document as tables, once as Markdown (docs/api.md) and once as the page /api/docs.
 * One walk, two ways to write a heading, a text and a row. */
#include "core/api/openapi.h"

enum { MANUAL_BYTES_MAX = 8 * 1024 * 1024 };

typedef struct Manual {
  Buf *out;
  bool html;
  const Value *doc;
  Arena *arena;
} Manual;

/* Writing --------------------------------------------------------------------------------------------------------- */

static void put_text(Manual *m, Str text) {
  for (size_t i = 0; i < text.len; i++) {
    char c = text.ptr[i];
    if (m->html && c == '<')
      buf_puts(m->out, "&lt;");
    else if (m->html && c == '&')
      buf_puts(m->out, "&amp;");
    else if (m->html && c == '"')
      buf_puts(m->out, "&quot;");
    else if (!m->html && c == '|')
      buf_puts(m->out, "\\|");
    else if (c == '\n')
      buf_puts(m->out, m->html ? "<br>" : " ");
    else
      buf_putc(m->out, c);
  }
}

static void heading(Manual *m, int level, Str text) {
  if (m->html) {
    buf_format(m->out, "<h%d id=\"", level);
    put_text(m, text);
    buf_puts(m->out, "\">");
    put_text(m, text);
    buf_format(m->out, "</h%d>\n", level);
    return;
  }
  buf_format(m->out, "\n%.*s %.*s\n\n", level, "######", STR_ARG(text));
}

static void paragraph(Manual *m, Str text) {
  buf_puts(m->out, m->html ? "<p>" : "");
  put_text(m, text);
  buf_puts(m->out, m->html ? "</p>\n" : "\n\n");
}

static void table_begin(Manual *m, const char *const *heads) {
  buf_puts(m->out, m->html ? "<table><tr>" : "|");
  for (const char *const *h = heads; *h; h++) buf_format(m->out, m->html ? "<th>%s</th>" : " %s |", *h);
  buf_puts(m->out, m->html ? "</tr>\n" : "\n|");
  for (const char *const *h = heads; !m->html && *h; h++) buf_puts(m->out, " --- |");
  if (!m->html) buf_putc(m->out, '\n');
}

static void row_begin(Manual *m) {
  buf_puts(m->out, m->html ? "<tr>" : "|");
}

static void cell(Manual *m, Str text, bool code) {
  bool tick = code && text.len > 0;
  buf_puts(m->out, m->html ? "<td>" : " ");
  if (tick) buf_puts(m->out, m->html ? "<code>" : "`");
  put_text(m, text);
  if (tick) buf_puts(m->out, m->html ? "</code>" : "`");
  buf_puts(m->out, m->html ? "</td>" : " |");
}

static void row_end(Manual *m) {
  buf_puts(m->out, m->html ? "</tr>\n" : "\n");
}

static void table_end(Manual *m) {
  buf_puts(m->out, m->html ? "</table>\n" : "\n");
}

/* Schemas --------------------------------------------------------------------------------------------------------- */

static Str ref_name(const Value *schema) {
  Str ref = value_text_or(value_get_c(schema, "$ref"), STR_NONE);
  size_t at = str_find(ref, S("schemas/"), 0);
  return at == SIZE_MAX ? STR_NONE : str_slice(ref, at + 8, ref.len);
}

static Str type_text(Manual *m, const Value *schema);

static Str either_text(Manual *m, const Value *list) {
  Buf text = buf_new(m->arena, 2000);
  for (u32 i = 0; i < list->size; i++)
    buf_format(&text, "%s%.*s", i ? " or " : "", STR_ARG(type_text(m, &list->items[i])));
  return buf_str(&text);
}

/* "list of Link", "text (date-time) or null" */
static Str type_text(Manual *m, const Value *schema) {
  const Value *type = value_get_c(schema, "type"), *any = value_get_c(schema, "anyOf"),
              *all = value_get_c(schema, "allOf"), *one = value_get_c(schema, "oneOf"),
              *values = value_get_c(schema, "enum");
  Str name = ref_name(schema), format = value_text_or(value_get_c(schema, "format"), STR_NONE);
  bool null = value_is(type, VALUE_LIST);
  Str base = null ? value_text_or(value_at(type, 0), STR_NONE) : value_text_or(type, STR_NONE);
  if (name.len) return name;
  if (any || all || one) return either_text(m, any ? any : all ? all : one);
  Buf text = buf_new(m->arena, 4000);
  if (values) {
    for (u32 i = 0; i < values->size; i++)
      if (values->items[i].kind == VALUE_STRING)
        buf_format(&text, "%s%.*s", text.len ? ", " : "", STR_ARG(value_text(&values->items[i])));
  } else if (str_equal_c(base, "array")) {
    buf_format(&text, "list of %.*s", STR_ARG(type_text(m, value_get_c(schema, "items"))));
  } else {
    buf_format(&text, "%.*s", STR_ARG(base.len ? base : S("any")));
    if (format.len && !str_equal_c(format, "int64")) buf_format(&text, " (%.*s)", STR_ARG(format));
  }
  if (null) buf_puts(&text, " or null");
  return buf_str(&text);
}

static bool is_required(const Value *schema, Str name) {
  const Value *list = value_get_c(schema, "required");
  for (u32 i = 0; value_is(list, VALUE_LIST) && i < list->size; i++)
    if (str_equal(value_text(&list->items[i]), name)) return true;
  return false;
}

static void members(Manual *m, const Value *schema, Str prefix) {
  const Value *properties = value_get_c(schema, "properties");
  for (u32 i = 0; value_is(properties, VALUE_MAP) && i < properties->size; i++) {
    const Member *p = &properties->members[i];
    Str name = str_format(m->arena, "%.*s%.*s", STR_ARG(prefix), STR_ARG(value_text(&p->key)));
    const Value *inner = value_get_c(&p->value, "items");
    row_begin(m);
    cell(m, name, true);
    cell(m, type_text(m, &p->value), false);
    cell(m, is_required(schema, value_text(&p->key)) ? S("yes") : S(""), false);
    cell(m, value_text_or(value_get_c(&p->value, "description"), STR_NONE), false);
    row_end(m);
    if (value_get_c(&p->value, "properties")) members(m, &p->value, str_format(m->arena, "%.*s.", STR_ARG(name)));
    if (inner && value_get_c(inner, "properties")) members(m, inner, str_format(m->arena, "%.*s[].", STR_ARG(name)));
  }
}

static void schemas(Manual *m) {
  static const char *const HEADS[] = {"member", "type", "always", "what", NULL};
  const Value *all = value_get_c(value_get_c(m->doc, "components"), "schemas");
  heading(m, 2, S("Forms"));
  paragraph(m, S("What is answered, and what is taken: X is an answer, XCreate a whole input, XUpdate a merge patch."));
  for (u32 i = 0; i < all->size; i++) {
    const Value *schema = &all->members[i].value;
    heading(m, 3, value_text(&all->members[i].key));
    Str words = value_text_or(value_get_c(schema, "description"), STR_NONE);
    if (words.len) paragraph(m, words);
    table_begin(m, HEADS);
    members(m, schema, S(""));
    table_end(m);
  }
}

/* Operations ------------------------------------------------------------------------------------------------------ */

static Str taken(Manual *m, const Value *operation) {
  const Value *parameters = value_get_c(operation, "parameters"),
              *content = value_get_c(value_get_c(operation, "requestBody"), "content");
  Buf text = buf_new(m->arena, 4000);
  const Value *json = value_get_c(content, "application/json");
  if (json) buf_format(&text, "%.*s", STR_ARG(ref_name(value_get_c(json, "schema"))));
  for (u32 i = 0; value_is(parameters, VALUE_LIST) && i < parameters->size; i++) {
    const Value *p = &parameters->items[i];
    if (!str_equal_c(value_text_or(value_get_c(p, "in"), STR_NONE), "query")) continue;
    Str name = value_text_or(value_get_c(p, "name"), STR_NONE);
    buf_format(&text, "%s%.*s", text.len ? ", " : "?", STR_ARG(name));
  }
  return buf_str(&text);
}

static Str answered(Manual *m, const Value *operation) {
  const Value *answers = value_get_c(operation, "responses");
  for (u32 i = 0; i < answers->size; i++) {
    Str status = value_text(&answers->members[i].key);
    const Value *content = value_get_c(&answers->members[i].value, "content");
    if (status.ptr[0] != '2') continue;
    if (!content) return status;
    Str name = ref_name(value_get_c(&content->members[0].value, "schema"));
    return str_format(m->arena, "%.*s %.*s", STR_ARG(status),
                      STR_ARG(name.len ? name : value_text(&content->members[0].key)));
  }
  return STR_NONE;
}

static bool of_tag(const Value *operation, Str tag) {
  return str_equal(value_text_or(value_at(value_get_c(operation, "tags"), 0), STR_NONE), tag);
}

static void operations(Manual *m, Str tag) {
  static const char *const HEADS[] = {"request", "what it does", "permission", "takes", "answers", NULL};
  const Value *paths = value_get_c(m->doc, "paths");
  table_begin(m, HEADS);
  for (u32 i = 0; i < paths->size; i++) {
    const Value *methods = &paths->members[i].value;
    for (u32 k = 0; k < methods->size; k++) {
      const Value *operation = &methods->members[k].value;
      char method[8] = {0};
      Str name = value_text(&methods->members[k].key);
      if (!of_tag(operation, tag)) continue;
      for (size_t c = 0; c < name.len && c < sizeof method - 1; c++) method[c] = (char)(name.ptr[c] - 'a' + 'A');
      row_begin(m);
      cell(m, str_format(m->arena, "%s %.*s", method, STR_ARG(value_text(&paths->members[i].key))), true);
      cell(m, value_text_or(value_get_c(operation, "summary"), STR_NONE), false);
      cell(m, value_text_or(value_get_c(operation, "x-permission"), S("none")), false);
      cell(m, taken(m, operation), false);
      cell(m, answered(m, operation), false);
      row_end(m);
    }
  }
  table_end(m);
}

static bool tag_known(const ValueVec *tags, Str tag) {
  for (size_t i = 0; i < tags->count; i++)
    if (str_equal(value_text(&tags->items[i]), tag)) return true;
  return false;
}

/* The resources in their order, then the tags that no resource has. */
static void all_operations(Manual *m) {
  const Value *tags = value_get_c(m->doc, "tags"), *paths = value_get_c(m->doc, "paths");
  ValueVec seen = {0};
  for (u32 i = 0; i < tags->size; i++) {
    const Value *name = value_get_c(&tags->items[i], "name");
    heading(m, 2, value_text(name));
    paragraph(m, value_text_or(value_get_c(&tags->items[i], "description"), STR_NONE));
    operations(m, value_text(name));
    *VEC_PUSH(m->arena, &seen) = *name;
  }
  for (u32 i = 0; i < paths->size; i++)
    for (u32 k = 0; k < paths->members[i].value.size; k++) {
      const Value *tag = value_at(value_get_c(&paths->members[i].value.members[k].value, "tags"), 0);
      if (tag_known(&seen, value_text(tag))) continue;
      *VEC_PUSH(m->arena, &seen) = *tag;
      heading(m, 2, value_text(tag));
      operations(m, value_text(tag));
    }
}

static void problems(Manual *m) {
  static const char *const HEADS[] = {"status", "when", NULL};
  const Value *first = NULL, *paths = value_get_c(m->doc, "paths"),
              *responses = value_get_c(value_get_c(m->doc, "components"), "responses");
  for (u32 i = 0; i < paths->size && !first; i++) first = value_get_c(&paths->members[i].value, "patch");
  const Value *answers = value_get_c(first, "responses");
  heading(m, 2, S("Errors"));
  paragraph(m,
            S("Every error is problem+json (RFC 9457): status, code, detail, and errors[] with a JSON pointer, a code "
              "and a sentence for each wrong member."));
  table_begin(m, HEADS);
  for (u32 i = 0; answers && i < answers->size; i++) {
    Str ref = value_text_or(value_get_c(&answers->members[i].value, "$ref"), STR_NONE);
    if (ref.len == 0) continue;
    row_begin(m);
    cell(m, value_text(&answers->members[i].key), false);
    Str name = str_slice(ref, sizeof "#/components/responses/" - 1, ref.len);
    cell(m, value_text_or(value_get_c(value_get(responses, name), "description"), STR_NONE), false);
    row_end(m);
  }
  table_end(m);
}

static const char PAGE_HEAD[] =
    "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>Tocsin API</title>\n"
    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<style>\n"
    ":root{color-scheme:light dark}body{font:15px/1.5 system-ui,sans-serif;margin:0 "
    "auto;max-width:1200px;padding:1rem}\n"
    "table{border-collapse:collapse;width:100%;margin:.5rem 0 1.5rem;display:block;overflow-x:auto}\n"
    "th,td{text-align:left;vertical-align:top;padding:.3rem .6rem;border-bottom:1px solid color-mix(in "
    "srgb,currentColor "
    "20%,transparent)}\ncode{font:13px ui-monospace,monospace}h2{margin-top:2.5rem}\n"
    "</style></head><body><main>\n<h1>Tocsin API</h1>\n"
    "<p><a href=\"/api/openapi.json\">The same as OpenAPI 3.1</a></p>\n";

Str api_manual(Arena *arena, const Registry *registry, bool html) {
  Arena *scratch = arena_new();
  Buf out = buf_new(scratch, MANUAL_BYTES_MAX);
  Value doc = api_openapi_value(scratch, registry);
  Manual m = {.out = &out, .html = html, .doc = &doc, .arena = scratch};
  if (html) buf_puts(&out, PAGE_HEAD);
  paragraph(&m, value_text_or(value_get_c(value_get_c(&doc, "info"), "description"), STR_NONE));
  all_operations(&m);
  problems(&m);
  schemas(&m);
  if (html) buf_puts(&out, "</main></body></html>\n");
  Str text = str_copy(arena, buf_str(&out));
  arena_free(scratch);
  return text;
}
