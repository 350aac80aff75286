/* Mustache: any template, in every context, over data with lists, maps, hostile text and a partial that is the template
 * itself. The first byte chooses the context, its highest bit whether ${{ }} is on. */
#include "lang/json.h"
#include "lang/mustache/mustache.h"

static const char DATA[] = "{\"a\": {\"b\": {\"c\": 1.5}, \"s\": \"<\\\"&'\\\\\\n>\"}, \"l\": [1, \"x\", null, {\"a\": "
                           "[true]}, [2]], \"s\": \"a\\\"b\","
                           " \"f\": false, \"n\": null, \"p\": \"self\", \"i\": 3}";

static bool find_partial(void *ctx, Str name, Str *out) {
  static const Str LAYOUT = STR("<\n  {{$a}}\n    d {{s}}\n  {{/a}}\n{{$b}}{{/b}}\n>");
  if (str_equal_c(name, "self"))
    *out = *(const Str *)ctx;
  else if (str_equal_c(name, "p"))
    *out = LAYOUT;
  else
    return false;
  return true;
}

/* Whatever a value holds, JSON around it stays JSON. */
static void check_json(Arena *arena, Str hostile) {
  static const char TEMPLATE[] =
      "{\"a\": \"{{s}}\", \"b\": {{{s}}}, \"c\": \"x{{{s}}}{{l}}\", \"d\": {{l}}, \"e\": [{{{no}}}]}";
  MustacheOptions options = {.context = MUSTACHE_JSON};
  const Mustache *template;
  Value items[] = {value_string(utf8_clean(arena, hostile)), value_int(1)}, parsed;
  MapBuilder map = map_builder(arena);
  map_put_c(&map, "s", items[0]);
  map_put_c(&map, "l", list_of(arena, items, COUNT(items)));
  Value root = map_done(&map);
  Buf out = buf_new(arena, MIB(1));
  Error err = {0};
  ASSERT(mustache_compile(arena, S(TEMPLATE), &options, &template, &err));
  if (!mustache_render(template, arena, &root, NULL, &out, &err)) return;
  ASSERT(json_parse(arena, buf_str(&out), NULL, &parsed, &err));
  ASSERT(value_equal(value_get_c(&parsed, "a"), &items[0]) && value_equal(value_get_c(&parsed, "b"), &items[0]));
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t bytes);

int LLVMFuzzerTestOneInput(const u8 *data, size_t bytes) {
  static const CelVar VARS[] = {{"a", "dyn", ""}, {"l", "dyn", ""}, {"s", "dyn", ""}, {"i", "dyn", ""}};
  if (bytes == 0) return 0;
  Arena *arena = arena_new();
  Str source = {(const char *)data + 1, bytes - 1};
  Value root;
  Error err = {0};
  ASSERT(json_parse(arena, str_from_c(DATA), NULL, &root, &err));
  MustacheOptions options = {
      .context = data[0] % MUSTACHE_CONTEXT_COUNT, .partial = find_partial, .partial_ctx = &source};
  if (data[0] & 0x80) options.cel_env = cel_env_new(arena, &(CelEnvOptions){.vars = VARS, .var_count = COUNT(VARS)});
  const Mustache *template;
  Buf out = buf_new(arena, KIB(64));
  bool ok = mustache_compile(arena, source, &options, &template, &err);
  if (ok) ok = mustache_render(template, arena, &root, NULL, &out, &err);
  ASSERT(ok || err.code != ERR_NONE);
  ASSERT(out.len <= KIB(64) && utf8_valid(buf_str(&out)));
  check_json(arena, source);
  arena_free(arena);
  return 0;
}
