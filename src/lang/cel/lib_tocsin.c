/* Tocsin's own functions: for mapping payloads of vendors to alerts. first() is a macro; times are in
 * lib_tocsin_time.c. */
#include <string.h>

#include "lang/cel/html.h"
#include "lang/cel/library.h"
#include "lang/fingerprint.h"
#include "lang/json.h"

static Value do_json(CelCall *call, const Value *args, u32 count) {
  (void)count;
  if (!cel_charge(call, args[0].size / CEL_BYTES_WRITTEN)) return cel_out_of_budget(call);
  Value out;
  Error err = {0};
  JsonOptions options = {.lenient_text = true};
  return json_parse(call->arena, value_text(&args[0]), &options, &out, &err)
             ? out
             : cel_fault(call, "json(): %s", err.message);
}

static Value do_to_json(CelCall *call, const Value *args, u32 count) {
  (void)count;
  Buf buf = cel_buf(call);
  json_write(&buf, &args[0]);
  return cel_text(call, &buf);
}

/* The text a person reads; lists and maps cannot outgrow the budget. */
static Value display(CelCall *call, const Value *v) {
  if (v->kind == VALUE_LIST || v->kind == VALUE_MAP) return do_to_json(call, v, 1);
  return value_string(value_display(call->arena, v));
}

static Value do_text(CelCall *call, const Value *args, u32 count) {
  (void)count;
  return display(call, &args[0]);
}

/* Labels ---------------------------------------------------------------------------------------------------------- */

/* "key:value"; a text without colon is a key with "true". */
static bool put_label(CelCall *call, MapBuilder *map, Str text) {
  Str key, value;
  if (!cel_charge(call, CEL_ENTRY_STEPS)) return false;
  if (!str_cut(text, ':', &key, &value)) {
    key = text;
    value = S("true");
  }
  key = str_trim(key);
  if (key.len) (void)map_put(map, key, value_string(str_trim(value)));
  return true;
}

static bool put_labels_of_text(CelCall *call, MapBuilder *map, Str text) {
  for (bool more = true; more;) {
    Str item;
    more = str_cut(text, ',', &item, &text);
    if (!put_label(call, map, item)) return false;
  }
  return true;
}

static Value do_labels_from(CelCall *call, const Value *args, u32 count) {
  (void)count;
  const Value *v = &args[0];
  if (v->kind == VALUE_MAP) return *v;
  MapBuilder map = map_builder(call->arena);
  bool ok = true;
  if (v->kind == VALUE_STRING) ok = put_labels_of_text(call, &map, value_text(v));
  for (u32 i = 0; ok && v->kind == VALUE_LIST && i < v->size; i++) {
    Value text = display(call, &v->items[i]);
    if (text.kind != VALUE_STRING) return text;
    ok = put_label(call, &map, value_text(&text));
  }
  return ok ? map_done(&map) : cel_out_of_budget(call);
}

static Value do_merge(CelCall *call, const Value *args, u32 count) {
  MapBuilder map = map_builder(call->arena);
  for (u32 i = 0; i < count; i++) {
    if (args[i].kind == VALUE_NULL) continue;
    if (args[i].kind != VALUE_MAP)
      return cel_fault(call, "merge() wants maps, not %.*s", STR_ARG(cel_type_name(&args[i])));
    if (!cel_charge(call, (u64)args[i].size * CEL_ENTRY_STEPS)) return cel_out_of_budget(call);
    for (u32 k = 0; k < args[i].size; k++) (void)map_put_value(&map, args[i].members[k].key, args[i].members[k].value);
  }
  return map_done(&map);
}

static Value do_without(CelCall *call, const Value *args, u32 count) {
  (void)count;
  MapBuilder map = map_builder(call->arena);
  for (u32 i = 0; i < args[0].size; i++) {
    const Member *member = &args[0].members[i];
    u64 steps = CEL_ENTRY_STEPS;
    bool dropped = cel_list_has(&args[1], &member->key, &steps);
    if (!cel_charge(call, steps)) return cel_out_of_budget(call);
    if (!dropped) (void)map_put_value(&map, member->key, member->value);
  }
  return map_done(&map);
}

/* Texts ----------------------------------------------------------------------------------------------------------- */

/* At most n characters; where something is cut, the last of them is an ellipsis. */
static Value do_truncate(CelCall *call, const Value *args, u32 count) {
  (void)count;
  Str s = value_text(&args[0]);
  i64 limit = args[1].i;
  if (limit < 0) return cel_fault(call, "truncate(): %lld is negative", (long long)limit);
  if ((u64)limit >= s.len) return args[0];
  size_t at = 0, last = 0;
  for (i64 i = 0; i < limit && at < s.len; i++) {
    last = at;
    (void)utf8_next(s, &at);
  }
  if (at >= s.len) return args[0];
  if (limit == 0) return value_c("");
  return value_string(str_format(call->arena, "%.*s\xE2\x80\xA6", (int)last, s.ptr));
}

/* The parts are set apart by their lengths, so that ("a", "bc") and ("ab", "c") differ. */
static Value do_hash(CelCall *call, const Value *args, u32 count) {
  Buf buf = cel_buf(call);
  for (u32 i = 0; i < count; i++) {
    Value text = display(call, &args[i]);
    if (text.kind != VALUE_STRING) return text;
    buf_u64(&buf, text.size);
    buf_putc(&buf, ':');
    buf_put(&buf, value_text(&text));
  }
  if (buf.overflow) return cel_out_of_budget(call);
  return value_string(str_format(call->arena, "%016llx", (unsigned long long)hash_stable(buf_str(&buf))));
}

static Value do_fingerprint(CelCall *call, const Value *args, u32 count) {
  (void)count;
  if (!cel_charge(call, args[0].size)) return cel_out_of_budget(call);
  return value_string(label_fingerprint(call->arena, &args[0]));
}

/* Host of a URL, or of "host:port/path"; empty when there is none. */
static Value do_url_host(CelCall *call, const Value *args, u32 count) {
  (void)count;
  Str s = str_trim(value_text(&args[0]));
  size_t scheme = str_find(s, S("://"), 0);
  if (scheme != SIZE_MAX) s = str_slice(s, scheme + 3, s.len);
  size_t end = 0;
  while (end < s.len && !strchr("/?#", s.ptr[end])) end++;
  s = str_slice(s, 0, end);
  for (size_t i = s.len; i-- > 0;)
    if (s.ptr[i] == '@') {
      s = str_slice(s, i + 1, s.len);
      break;
    }
  size_t bracket = s.len && s.ptr[0] == '[' ? str_find_char(s, ']', 0) : SIZE_MAX;
  if (bracket != SIZE_MAX) return value_string(str_lower(call->arena, str_slice(s, 1, bracket)));
  Str host, port;
  (void)str_cut(s, ':', &host, &port);
  return value_string(str_lower(call->arena, host));
}

static Value do_one_line(CelCall *call, const Value *args, u32 count) {
  (void)count;
  Str s = str_trim(value_text(&args[0]));
  Buf buf = buf_new(call->arena, s.len + 1);
  bool blank = false;
  for (size_t i = 0; i < s.len; i++) {
    bool white = s.ptr[i] == ' ' || (s.ptr[i] >= 9 && s.ptr[i] <= 13);
    if (white) {
      blank = true;
      continue;
    }
    if (blank) buf_putc(&buf, ' ');
    blank = false;
    buf_putc(&buf, s.ptr[i]);
  }
  return cel_text(call, &buf);
}

static Value do_strip_html(CelCall *call, const Value *args, u32 count) {
  (void)count;
  if (!cel_charge(call, args[0].size / 4)) return cel_out_of_budget(call);
  return value_string(html_to_text(call->arena, value_text(&args[0])));
}

static Value parts_of_map(CelCall *call, const Value *map, bool keys) {
  if (!cel_charge(call, map->size)) return cel_out_of_budget(call);
  Value *items = arena_alloc(call->arena, map->size * sizeof(Value));
  for (u32 i = 0; i < map->size; i++) items[i] = keys ? map->members[i].key : map->members[i].value;
  return (Value){.kind = VALUE_LIST, .size = map->size, .items = items};
}

static Value do_keys(CelCall *call, const Value *args, u32 count) {
  (void)count;
  return parts_of_map(call, &args[0], true);
}

static Value do_values(CelCall *call, const Value *args, u32 count) {
  (void)count;
  return parts_of_map(call, &args[0], false);
}

static const CelFn ROWS[] = {
    {"json", "(string) -> dyn", do_json, "Value of a JSON text.", .cost = 20},
    {"to_json", "(dyn) -> string", do_to_json, "Value as JSON text.", .cost = 4},
    {"text", "(dyn) -> string", do_text, "What a person reads: texts as they are, null as nothing, the rest as JSON.",
     .cost = 2},
    {"labels_from",
     "(list(dyn)) -> map(string, dyn); (string) -> map(string, dyn); (map(string, dyn)) -> map(string, dyn); "
     "(null_type) -> map(string, dyn)",
     do_labels_from, "Labels of [\"k:v\"] or \"k:v,k:v\"; a text without colon is a label that says true.", .cost = 4},
    {"merge", "(dyn, dyn...) -> map(string, dyn)", do_merge, "Members of all maps; the last wins; null is passed over.",
     .cost = 4},
    {"without", "(map(A, B), list(A)) -> map(A, B)", do_without, "The map without these keys.", .cost = 4},
    {"keys", "map(A, B).() -> list(A)", do_keys, "The keys of a map, in its order."},
    {"values", "map(A, B).() -> list(B)", do_values, "The values of a map, in its order."},
    {"truncate", "(string, int) -> string; string.(int) -> string", do_truncate, "At most n characters, … at a cut.",
     .slow = 4},
    {"hash", "(dyn, dyn...) -> string", do_hash, "Short hex that is the same for the same texts, for ever.", .cost = 4},
    {"fingerprint", "(map(string, dyn)) -> string", do_fingerprint,
     "Alertmanager's fingerprint of a map of labels; empty without any.", .cost = 4},
    {"url_host", "(string) -> string; string.() -> string", do_url_host, "Host of a URL, without port.", .slow = 5},
    {"one_line", "(string) -> string; string.() -> string", do_one_line, "White space becomes single spaces.",
     .cost = 2, .slow = 4},
    {"strip_html", "(string) -> string; string.() -> string", do_strip_html, "The text of HTML.", .cost = 4},
};

const CelLibrary LIB_TOCSIN = {"payloads", ROWS, COUNT(ROWS)};
