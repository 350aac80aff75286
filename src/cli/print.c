/* Print: cells first, then widths, then lines. A table that is too wide gives up room where it has most. Cost: one pass
 * over the items for each column. */
#include "cli/print.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "cli/kinds.h"
#include "lang/json.h"
#include "lang/time.h"
#include "lang/yaml.h"

enum { COLUMNS_MAX = 16, CELL_BYTES_MAX = 400, GAP = 2, NARROWEST = 6, PRINT_BYTES_MAX = 64 * 1024 * 1024 };

bool output_form_parse(Str text, OutputForm *out) {
  static const char *const NAMES[] = {"table", "wide", "json", "yaml", "name"};
  for (size_t i = 0; i < COUNT(NAMES); i++)
    if (str_equal_c(text, NAMES[i])) return *out = (OutputForm)i, true;
  return false;
}

static size_t width_asked_for(void) {
  const char *text = getenv("COLUMNS");
  u64 width = 0;
  return text && str_to_u64(str_from_c(text), 10000, &width) ? (size_t)width : 0;
}

Screen screen_of(void) {
  struct winsize size = {0};
  const char *plain = getenv("NO_COLOR");
  bool terminal = isatty(STDOUT_FILENO) == 1;
  Screen screen = {.width = width_asked_for(), .colour = terminal && !(plain && *plain)};
  if (terminal && !screen.width && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0) screen.width = size.ws_col;
  return screen;
}

void print_time(char out[PRINT_TIME_BYTES]) {
  time_t now = (time_t)(clock_true_ms() / 1000);
  struct tm local;
  if (!localtime_r(&now, &local) || strftime(out, PRINT_TIME_BYTES, "%H:%M:%S", &local) == 0) out[0] = '\0';
}

/* Text on a terminal ---------------------------------------------------------------------------------------------- */

static bool is_control(i32 c) {
  return c < 0x20 || (c >= 0x7f && c < 0xa0) || (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
}

/* Control characters, escapes among them, and marks that turn the direction of writing. */
Str print_clean(Arena *arena, Str text) {
  Buf out = buf_new(arena, 4 * text.len + 1);
  for (size_t at = 0; at < text.len;) {
    size_t from = at;
    i32 c = utf8_next(text, &at);
    if (c == '\n' || c == '\t')
      buf_putc(&out, ' ');
    else if (is_control(c))
      buf_puts(&out, "\xc2\xb7");
    else
      buf_put(&out, str_slice(text, from, at));
  }
  return buf_str(&out);
}

/* Characters of East Asia and emoji take two places; marks that lie over the one before take none. */
static size_t places_of(i32 c) {
  static const struct {
    i32 from, to;
    size_t places;
  } RANGES[] = {{0x300, 0x36f, 0},     {0x1100, 0x115f, 2},   {0x200b, 0x200f, 0},  {0x2e80, 0x303e, 2},
                {0x3041, 0xa4cf, 2},   {0xac00, 0xd7a3, 2},   {0xf900, 0xfaff, 2},  {0xfe00, 0xfe0f, 0},
                {0xfe30, 0xfe6f, 2},   {0xff00, 0xff60, 2},   {0xffe0, 0xffe6, 2},  {0x1f300, 0x1f64f, 2},
                {0x1f680, 0x1f6ff, 2}, {0x1f900, 0x1f9ff, 2}, {0x20000, 0x3fffd, 2}};
  for (size_t i = 0; i < COUNT(RANGES); i++)
    if (c >= RANGES[i].from && c <= RANGES[i].to) return RANGES[i].places;
  return 1;
}

static size_t places(Str text) {
  size_t sum = 0;
  for (size_t at = 0; at < text.len;) sum += places_of(utf8_next(text, &at));
  return sum;
}

/* At most `width` places; what was cut is said by an ellipsis. */
static Str cut(Arena *arena, Str text, size_t width) {
  size_t sum = 0, at = 0, keep = 0;
  if (places(text) <= width) return text;
  while (at < text.len) {
    sum += places_of(utf8_next(text, &at));
    if (sum > width - 1) break;
    keep = at;
  }
  return str_format(arena, "%.*s\xe2\x80\xa6", (int)keep, text.ptr);
}

/* Cells ----------------------------------------------------------------------------------------------------------- */

Str print_age(Arena *arena, Str time) {
  static const struct {
    i64 ms;
    char unit;
  } UNITS[] = {{DAY_MS, 'd'}, {HOUR_MS, 'h'}, {MINUTE_MS, 'm'}, {1000, 's'}};
  i64 ms = 0;
  if (!time_parse_ms(time, &ms)) return time;
  i64 age = clock_true_ms() - ms, size = age < 0 ? -age : age;
  for (size_t i = 0; i < COUNT(UNITS); i++)
    if (size >= (i ? UNITS[i].ms : 2 * DAY_MS))
      return str_format(arena, "%s%lld%c", age < 0 ? "in " : "", (long long)(size / UNITS[i].ms), UNITS[i].unit);
  return S("now");
}

static Str matchers_text(Arena *arena, const Value *list) {
  Buf out = buf_new(arena, KIB(64));
  for (u32 i = 0; i < list->size; i++) {
    const Value *m = value_at(list, i);
    if (i) buf_puts(&out, ", ");
    buf_put(&out, value_text_or(value_get_c(m, "name"), STR_NONE));
    buf_put(&out, value_text_or(value_get_c(m, "op"), S("=")));
    json_write_string(&out, value_text_or(value_get_c(m, "value"), S("")));
  }
  return buf_str(&out);
}

static Str cell_text(Arena *arena, const Names *names, const Column *column, const Value *item) {
  const Value *v = value_pointer(item, str_format(arena, "/%s", column->path));
  if (!v || v->kind == VALUE_NULL) return STR_NONE;
  if (column->form == COLUMN_AGE) return print_age(arena, value_display(arena, v));
  if (column->form == COLUMN_SEVERITY) return str_format(arena, "SEV%.*s", STR_ARG(value_display(arena, v)));
  if (column->form == COLUMN_ERROR) return print_code(arena, value_display(arena, v));
  if (column->form == COLUMN_COUNT && v->kind == VALUE_LIST) return str_format(arena, "%u", v->size);
  if (column->form == COLUMN_REF) return names_of(names, v);
  if (column->form == COLUMN_MATCHERS && v->kind == VALUE_LIST) return matchers_text(arena, v);
  if (v->kind == VALUE_BOOL) return v->b ? S("yes") : S("no");
  return value_display(arena, v);
}

const char *print_colour(ColumnForm form, Str text) {
  static const char RED[] = "\033[31m", LOUD[] = "\033[1;31m", YELLOW[] = "\033[33m", CYAN[] = "\033[36m",
                    GREEN[] = "\033[32m", FAINT[] = "\033[2m";
  static const struct {
    ColumnForm form;
    const char *text, *colour;
  } COLOURS[] = {{COLUMN_STATUS, "triggered", RED},
                 {COLUMN_STATUS, "new", RED},
                 {COLUMN_STATUS, "active", RED},
                 {COLUMN_STATUS, "failed", RED},
                 {COLUMN_STATUS, "exhausted", RED},
                 {COLUMN_STATUS, "acknowledged", YELLOW},
                 {COLUMN_STATUS, "investigating", YELLOW},
                 {COLUMN_STATUS, "fixing", YELLOW},
                 {COLUMN_STATUS, "monitoring", CYAN},
                 {COLUMN_STATUS, "resolved", GREEN},
                 {COLUMN_STATUS, "closed", GREEN},
                 {COLUMN_STATUS, "delivered", GREEN},
                 {COLUMN_STATUS, "sent", GREEN},
                 {COLUMN_STATUS, "accepted", GREEN},
                 {COLUMN_STATUS, "dismissed", FAINT},
                 {COLUMN_STATUS, "skipped", FAINT},
                 {COLUMN_STATUS, "unmapped", RED},
                 {COLUMN_STATUS, "rejected", RED},
                 {COLUMN_STATUS, "partial", YELLOW},
                 {COLUMN_PRIORITY, "p1", LOUD},
                 {COLUMN_PRIORITY, "p2", RED},
                 {COLUMN_PRIORITY, "p3", YELLOW},
                 {COLUMN_PRIORITY, "p4", FAINT},
                 {COLUMN_SEVERITY, "SEV0", LOUD},
                 {COLUMN_SEVERITY, "SEV1", LOUD},
                 {COLUMN_SEVERITY, "SEV2", RED},
                 {COLUMN_SEVERITY, "SEV3", YELLOW},
                 {COLUMN_SEVERITY, "SEV4", FAINT}};
  for (size_t i = 0; i < COUNT(COLOURS); i++)
    if (form == COLOURS[i].form && str_equal_c(text, COLOURS[i].text)) return COLOURS[i].colour;
  return NULL;
}

Str print_code(Arena *arena, Str code) {
  static const char *const WORDS[][2] = {
      {"no_smtp", "the server has no mail relay (serve --smtp-url)"},
      {"contact_method_deleted", "the contact method was deleted"},
      {"no_provider", "this server has no provider for this kind of contact"},
      {"not_verified", "the address was never verified"},
  };
  for (size_t i = 0; i < COUNT(WORDS); i++)
    if (str_equal_c(code, WORDS[i][0])) return str_format(arena, "%s (%s)", WORDS[i][1], WORDS[i][0]);
  return code;
}

/* Tables ---------------------------------------------------------------------------------------------------------- */

typedef struct Table {
  Arena *arena;
  const Screen *screen;
  const Column *columns;
  size_t column_count, row_count;
  Str *cells; /* row by row */
  size_t widths[COLUMNS_MAX];
} Table;

static void fill(Table *t, const Names *names, const Value *items) {
  for (size_t row = 0; row < t->row_count; row++)
    for (size_t c = 0; c < t->column_count; c++) {
      Str text = cell_text(t->arena, names, &t->columns[c], value_at(items, row));
      t->cells[row * t->column_count + c] = print_clean(t->arena, utf8_cut(text, CELL_BYTES_MAX));
    }
}

static void measure(Table *t) {
  for (size_t c = 0; c < t->column_count; c++) {
    t->widths[c] = strlen(t->columns[c].title);
    for (size_t row = 0; row < t->row_count; row++)
      t->widths[c] = MAX(t->widths[c], places(t->cells[row * t->column_count + c]));
  }
}

/* Takes places from the widest column until the table fits, one at a time: the table is small. */
static void fit(Table *t) {
  size_t sum = 0;
  for (size_t c = 0; c < t->column_count; c++) sum += t->widths[c] + (c ? GAP : 0);
  while (t->screen->width && sum > t->screen->width) {
    size_t widest = 0;
    for (size_t c = 1; c < t->column_count; c++)
      if (t->widths[c] > t->widths[widest]) widest = c;
    if (t->widths[widest] <= NARROWEST) return;
    t->widths[widest]--;
    sum--;
  }
}

static void write_cell(Table *t, Buf *out, size_t c, Str text, const char *colour, bool last) {
  Str shown = cut(t->arena, text, t->widths[c]);
  if (colour) buf_puts(out, colour);
  buf_put(out, shown);
  if (colour) buf_puts(out, "\033[0m");
  for (size_t i = places(shown); !last && i < t->widths[c] + GAP; i++) buf_putc(out, ' ');
}

static void end_line(Buf *out) {
  while (out->len && out->ptr[out->len - 1] == ' ') out->len--;
  buf_putc(out, '\n');
}

static void write_lines(Table *t, Buf *out) {
  const char *head = t->screen->colour ? "\033[1m" : NULL;
  for (size_t c = 0; c < t->column_count; c++)
    write_cell(t, out, c, str_from_c(t->columns[c].title), head, c + 1 == t->column_count);
  end_line(out);
  for (size_t row = 0; row < t->row_count; row++) {
    for (size_t c = 0; c < t->column_count; c++) {
      Str text = t->cells[row * t->column_count + c];
      const char *colour = t->screen->colour ? print_colour(t->columns[c].form, text) : NULL;
      write_cell(t, out, c, text, colour, c + 1 == t->column_count);
    }
    end_line(out);
  }
}

void print_table(Client *client, const Screen *screen, const Column *columns, const Value *items, bool wide) {
  Arena *arena = client_arena(client);
  Column shown[COLUMNS_MAX + 1];
  Screen no_limit = {.colour = screen->colour};
  Table t = {.arena = arena, .screen = wide ? &no_limit : screen, .columns = shown, .row_count = items->size};
  for (const Column *column = columns; column->title && t.column_count < COLUMNS_MAX; column++)
    if (wide || !column->wide) shown[t.column_count++] = *column;
  columns = shown;
  t.cells = ARENA_ARRAY(arena, Str, t.row_count * t.column_count + 1);
  Names *names = names_new(client);
  for (size_t c = 0; c < t.column_count; c++)
    if (columns[c].form == COLUMN_REF) names_load(names, columns[c].ref, columns[c].path, items);
  fill(&t, names, items);
  measure(&t);
  fit(&t);
  Buf out = buf_new(arena, PRINT_BYTES_MAX);
  write_lines(&t, &out);
  fwrite(out.ptr, 1, out.len, stdout);
}

/* One thing ------------------------------------------------------------------------------------------------------- */

static bool is_list_of_refs(const Field *field, const Value *value) {
  return field && field->kind == F_LIST && field->of->kind == F_REF && field->of->ref && value->kind == VALUE_LIST;
}

static Str names_joined(Arena *arena, Names *names, const char *ref, const Value *ids) {
  Buf out = buf_new(arena, KIB(64));
  for (size_t i = 0; i < ids->size; i++)
    buf_format(&out, "%s%.*s", i ? ", " : "",
               STR_ARG(names_one(names, ref, value_text_or(value_at(ids, i), STR_NONE))));
  return buf_str(&out);
}

static Str member_text(Client *client, Names *names, const Field *field, const Member *m) {
  Arena *arena = client_arena(client);
  Str text = value_display(arena, &m->value), name = value_text(&m->key);
  i64 ms = 0;
  if (field && field->kind == F_REF && field->ref && m->value.kind == VALUE_STRING) {
    Str known = names_one(names, field->ref, text);
    return str_equal(known, text) ? text : str_format(arena, "%.*s (%.*s)", STR_ARG(known), STR_ARG(text));
  }
  if (is_list_of_refs(field, &m->value)) return names_joined(arena, names, field->of->ref, &m->value);
  if (str_ends_with(name, S("_at")) && time_parse_ms(text, &ms)) {
    Str age = print_age(arena, text);
    bool ago = !str_starts_with(age, S("in ")) && !str_equal_c(age, "now");
    return str_format(arena, "%.*s (%.*s%s)", STR_ARG(text), STR_ARG(age), ago ? " ago" : "");
  }
  return str_equal_c(name, "error") ? print_code(arena, text) : text;
}

static ColumnForm member_form(Str name) {
  if (str_equal_c(name, "status") || str_equal_c(name, "outcome")) return COLUMN_STATUS;
  return str_equal_c(name, "priority") ? COLUMN_PRIORITY : COLUMN_TEXT;
}

static bool is_nothing(const Value *v) {
  bool empty = (v->kind == VALUE_LIST || v->kind == VALUE_MAP || v->kind == VALUE_STRING) && v->size == 0;
  return v->kind == VALUE_NULL || empty;
}

/* Lists and maps that would not fit in a line are written below it. */
static void print_nested(Arena *arena, const Value *value) {
  Buf out = buf_new(arena, PRINT_BYTES_MAX);
  yaml_write(&out, value);
  Str rest = str_trim(buf_str(&out)), line;
  for (bool more = true; more;) {
    more = str_cut(rest, '\n', &line, &rest);
    Str clean = print_clean(arena, line);
    printf("    %.*s\n", STR_ARG(clean));
  }
}

void print_members(Client *client, const Screen *screen, const Resource *kind, const Value *thing) {
  Arena *arena = client_arena(client);
  Names *names = names_new(client);
  size_t width = 0;
  if (thing->kind != VALUE_MAP) return;
  for (size_t i = 0; i < thing->size; i++)
    if (!is_nothing(&thing->members[i].value)) width = MAX(width, thing->members[i].key.size);
  for (size_t i = 0; i < thing->size; i++) {
    const Member *m = &thing->members[i];
    Str name = value_text(&m->key);
    if (is_nothing(&m->value)) continue;
    Str text = print_clean(arena, member_text(client, names, kind ? resource_field(kind, name) : NULL, m));
    bool nested = m->value.kind == VALUE_LIST || m->value.kind == VALUE_MAP;
    if (nested && screen->width && width + 2 + places(text) > screen->width) {
      printf("%.*s\n", STR_ARG(name));
      print_nested(arena, &m->value);
      continue;
    }
    const char *colour = screen->colour ? print_colour(member_form(name), text) : NULL;
    printf("%-*.*s  %s%.*s%s\n", (int)width, STR_ARG(name), colour ? colour : "", STR_ARG(text),
           colour ? PRINT_PLAIN : "");
  }
}

static void print_names(Arena *arena, const Value *value) {
  const Value *items = value_get_c(value, "items");
  if (!value_is(items, VALUE_LIST)) items = value->kind == VALUE_LIST ? value : NULL;
  size_t count = items ? items->size : 1;
  for (size_t i = 0; i < count; i++) {
    Str name = print_clean(arena, kind_name(items ? value_at(items, i) : value));
    printf("%.*s\n", STR_ARG(name));
  }
}

void print_value(Arena *arena, const Value *value, OutputForm form) {
  Buf out = buf_new(arena, PRINT_BYTES_MAX);
  if (form == OUTPUT_NAME) {
    print_names(arena, value);
    return;
  }
  if (form == OUTPUT_YAML) {
    yaml_write(&out, value);
  } else {
    json_write_pretty(&out, value);
    buf_putc(&out, '\n');
  }
  fwrite(out.ptr, 1, out.len, stdout);
}
