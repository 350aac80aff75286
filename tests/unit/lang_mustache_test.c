/* Mustache beyond the specification: contexts, places of errors, limits, expressions. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "lang/json.h"
#include "lang/mustache/mustache.h"

#include <cmocka.h> /* after ours: it has a macro named fail */

static const char DATA[] = "{\"s\": \"a<b> & \\\"c\\\"\\n'd'/\\u00e9\", \"n\": 1.5, \"i\": 7, \"no\": false, \"nil\": "
                           "null, \"zero\": 0, \"empty\": \"\","
                           " \"list\": [1, \"x\\\"y\"], \"map\": {\"k\": \"v\"}, \"lines\": \"1\\n2\", \"none\": [],"
                           " \"alerts\": [{\"title\": \"first\"}, {\"title\": \"second\"}], \"dyn\": \"loop\"}";

static const struct {
  const char *name, *source;
} PARTIALS[] = {
    {"loop", "{{>loop}}"},
    {"bad", "ok\n{{#x}}"},
    {"row", "- {{title}}\n\n- end\n"},
    {"layout", "<{{$body}}\n    none\n{{/body}}>\n"},
    {"slot", "head\n  {{$body}}{{/body}}\ntail\n"},
    {"tree", "{{#alerts}}{{>tree}}{{/alerts}}"},
};

static bool find_partial(void *ctx, Str name, Str *out) {
  (void)ctx;
  for (size_t i = 0; i < COUNT(PARTIALS); i++) {
    if (!str_equal_c(name, PARTIALS[i].name)) continue;
    *out = str_from_c(PARTIALS[i].source);
    return true;
  }
  return false;
}

typedef struct Fixture {
  Arena *arena;
  Value data;
  CelEnv *env;
  size_t max;
  Error err;
} Fixture;

static int setup(void **state) {
  static const CelVar VARS[] = {{"s", "dyn", ""},     {"i", "dyn", ""},      {"list", "dyn", ""},
                                {"map.k", "dyn", ""}, {"absent", "dyn", ""}, {"alerts", "dyn", ""}};
  Arena *arena = arena_new();
  Fixture *f = ARENA_NEW(arena, Fixture);
  *f = (Fixture){.arena = arena, .max = KIB(64)};
  f->env = cel_env_new(arena, &(CelEnvOptions){.vars = VARS, .var_count = COUNT(VARS)});
  if (!json_parse(arena, str_from_c(DATA), NULL, &f->data, &f->err)) return -1;
  *state = f;
  return 0;
}

static int teardown(void **state) {
  arena_free(((Fixture *)*state)->arena);
  return 0;
}

static bool try_render(Fixture *f, MustacheContext context, const CelEnv *env, Str source, Str *out) {
  MustacheOptions options = {.context = context, .partial = find_partial, .cel_env = env};
  const Mustache *template = NULL;
  Buf buf = buf_new(f->arena, f->max);
  f->err = (Error){0};
  bool ok = mustache_compile(f->arena, source, &options, &template, &f->err) &&
            mustache_render(template, f->arena, &f->data, NULL, &buf, &f->err);
  *out = buf_str(&buf);
  return ok;
}

static void expect(Fixture *f, MustacheContext context, const CelEnv *env, const char *source, const char *wanted) {
  Str met = STR_NONE;
  bool ok = try_render(f, context, env, str_from_c(source), &met);
  if (!ok || !str_equal_c(met, wanted))
    print_message("%s\n  wanted %s\n  met    %.*s %s\n", source, wanted, STR_ARG(met), f->err.message);
  assert_true(ok);
  assert_true(str_equal_c(met, wanted));
}

static void each_context_escapes_in_its_way(void **state) {
  static const struct {
    MustacheContext context;
    const char *source, *wanted;
  } CASES[] = {
      {MUSTACHE_TEXT, "{{s}}", "a<b> & \"c\"\n'd'/\xc3\xa9"},
      {MUSTACHE_HTML, "{{s}}", "a&lt;b&gt; &amp; &quot;c&quot;\n&#39;d&#39;/\xc3\xa9"},
      {MUSTACHE_SLACK, "{{s}}", "a&lt;b&gt; &amp; \"c\"\n'd'/\xc3\xa9"},
      {MUSTACHE_URL, "?q={{s}}", "?q=a%3Cb%3E%20%26%20%22c%22%0A%27d%27%2F%C3%A9"},
      {MUSTACHE_JSON, "{\"t\": \"{{s}}\"}", "{\"t\": \"a<b> & \\\"c\\\"\\n'd'/\xc3\xa9\"}"},
      {MUSTACHE_HTML, "{{{s}}}|{{&s}}", "a<b> & \"c\"\n'd'/\xc3\xa9|a<b> & \"c\"\n'd'/\xc3\xa9"},
      {MUSTACHE_HTML, "{{list}}", "[1,&quot;x\\&quot;y&quot;]"},
      {MUSTACHE_URL, "{{{s}}}", "a<b> & \"c\"\n'd'/\xc3\xa9"},
      {MUSTACHE_TEXT, "{{n}} {{i}} {{no}} {{nil}}{{absent}}", "1.5 7 false "},
  };
  for (size_t i = 0; i < COUNT(CASES); i++) expect(*state, CASES[i].context, NULL, CASES[i].source, CASES[i].wanted);
}

static void json_values_follow_the_quotes_around_them(void **state) {
  static const char *const CASES[][2] = {
      {"[{{list}}]", "[[1,\"x\\\"y\"]]"},
      {"\"{{list}}\"", "\"[1,\\\"x\\\\\\\"y\\\"]\""},
      {"{{{s}}}", "\"a<b> & \\\"c\\\"\\n'd'/\xc3\xa9\""},
      {"\"{{{s}}}\"", "\"a<b> & \\\"c\\\"\\n'd'/\xc3\xa9\""},
      {"{\"a\": {{{absent}}}, \"b\": \"{{{absent}}}{{absent}}\"}", "{\"a\": null, \"b\": \"\"}"},
      {"{\"n\": {{n}}, \"b\": {{no}}, \"m\": {{map}}}", "{\"n\": 1.5, \"b\": false, \"m\": {\"k\":\"v\"}}"},
      {"\"\\\"{{map}}\"", "\"\\\"{\\\"k\\\":\\\"v\\\"}\""},
      {"\"\\\\\",{{map}}", "\"\\\\\",{\"k\":\"v\"}"},
  };
  for (size_t i = 0; i < COUNT(CASES); i++) expect(*state, MUSTACHE_JSON, NULL, CASES[i][0], CASES[i][1]);
}

static void falsehood_is_absent_null_false_zero_and_empty(void **state) {
  static const char *const FALSE_NAMES[] = {"absent", "nil", "no", "zero", "empty", "none"};
  static const char *const TRUE_NAMES[] = {"s", "n", "i", "map", "alerts"};
  char source[64];
  for (size_t i = 0; i < COUNT(FALSE_NAMES); i++) {
    snprintf(source, sizeof source, "{{#%s}}yes{{/%s}}{{^%s}}no{{/%s}}", FALSE_NAMES[i], FALSE_NAMES[i], FALSE_NAMES[i],
             FALSE_NAMES[i]);
    expect(*state, MUSTACHE_TEXT, NULL, source, "no");
  }
  for (size_t i = 0; i < COUNT(TRUE_NAMES); i++) {
    snprintf(source, sizeof source, "{{^%s}}no{{/%s}}", TRUE_NAMES[i], TRUE_NAMES[i]);
    expect(*state, MUSTACHE_TEXT, NULL, source, "");
  }
}

static void layout_follows_lines(void **state) {
  static const char *const CASES[][2] = {
      {"{{alerts.1.title}}{{alerts.9.title}}", "second"},
      {"{{#alerts}}\n  {{>row}}\n{{/alerts}}", "  - first\n\n  - end\n  - second\n\n  - end\n"},
      {"{{<layout}}{{$body}}x{{/body}}{{/layout}}", "<x>\n"},
      {"{{<layout}}{{/layout}}", "<\n    none\n>\n"},
      {"  {{<slot}}\n    {{$body}}\n      one\n        two\n    {{/body}}\n  {{/slot}}\n",
       "  head\n    one\n      two\n  tail\n"},
      {"{{<slot}}{{$body}}{{lines}}{{/body}}{{/slot}}", "head\n  1\n2\ntail\n"},
      {"{{<slot}}{{/slot}}", "head\ntail\n"},
      {"{{$a}}{{/a}}{{$b}} {{/b}}\n", " \n"},
      {"{{<slot}}{{$body}}{{$body}}inner{{/body}}{{/body}}{{/slot}}", "head\n  inner\ntail\n"},
      {"\r\n  {{! gone }}\r\nx\r\n", "\r\nx\r\n"},
      {"{{=<% %>=}}<%{s}%> {{s}} <%={{ }}=%>{{i}}", "a<b> & \"c\"\n'd'/\xc3\xa9 {{s}} 7"},
  };
  for (size_t i = 0; i < COUNT(CASES); i++) expect(*state, MUSTACHE_TEXT, NULL, CASES[i][0], CASES[i][1]);
}

static void errors_name_their_place(void **state) {
  Fixture *f = *state;
  static const struct {
    const char *source;
    u32 line, column;
    const char *words;
  } CASES[] = {
      {"a\n\xc3\xa9 {{#x}}", 2, 3, "not closed"},
      {"{{#a}}{{/b}}", 1, 7, "does not close"},
      {"\n{{/b}}", 2, 1, "closes nothing"},
      {"x {{ a", 1, 3, "not closed by }}"},
      {"{{{a}}", 1, 1, "not closed by }}}"},
      {"{{}}", 1, 1, "without a name"},
      {"{{ title | upper }}", 1, 1, "names hold no spaces"},
      {"{{a..b}}", 1, 1, "empty name"},
      {"{{=x=}}", 1, 1, "delimiters"},
      {"{{>bad}}", 2, 1, "partial \"bad\""},
      {"{{>loop}}", 1, 1, "without end"},
  };
  for (size_t i = 0; i < COUNT(CASES); i++) {
    Str out;
    assert_false(try_render(f, MUSTACHE_TEXT, NULL, str_from_c(CASES[i].source), &out));
    if (!strstr(f->err.message, CASES[i].words)) print_message("%s: %s\n", CASES[i].source, f->err.message);
    assert_non_null(strstr(f->err.message, CASES[i].words));
    assert_int_equal(f->err.line, CASES[i].line);
    assert_int_equal(f->err.column, CASES[i].column);
  }
}

static void expect_cost(Fixture *f, const char *source) {
  Str out;
  assert_false(try_render(f, MUSTACHE_TEXT, NULL, str_from_c(source), &out));
  assert_int_equal(f->err.code, ERR_COST);
}

static void endless_or_too_long_rendering_stops(void **state) {
  Fixture *f = *state;
  expect_cost(f, "{{>loop}}");
  expect_cost(f, "{{>*dyn}}");
  expect_cost(f, "{{>tree}}");
  expect_cost(f, "{{#alerts}}{{<layout}}{{$body}}{{>*dyn}}{{/body}}{{/layout}}{{/alerts}}");
  f->max = 10;
  expect_cost(f, "12345678901");
  expect_cost(f, "{{s}}");
}

static void loops_over_loops_that_write_nothing_stop(void **state) {
  Fixture *f = *state;
  Value *items = ARENA_ARRAY(f->arena, Value, 1000);
  for (i64 i = 0; i < 1000; i++) items[i] = value_int(i + 1);
  MapBuilder map = map_builder(f->arena);
  map_put_c(&map, "l", list_of(f->arena, items, 1000));
  f->data = map_done(&map);
  expect_cost(f, "{{#l}}{{#l}}{{#l}}{{/l}}{{/l}}{{/l}}");
}

static void sections_nest_to_a_limit(void **state) {
  Fixture *f = *state;
  Str out;
  Buf source = buf_new(f->arena, KIB(4));
  for (int i = 0; i < 64; i++) buf_puts(&source, "{{#map}}");
  Buf more = buf_new(f->arena, KIB(4));
  buf_put(&more, buf_str(&source));
  buf_puts(&more, "{{#map}}{{/map}}");
  for (int i = 0; i < 64; i++) buf_puts(&source, "{{/map}}"), buf_puts(&more, "{{/map}}");
  assert_true(try_render(f, MUSTACHE_TEXT, NULL, buf_str(&source), &out));
  assert_false(try_render(f, MUSTACHE_TEXT, NULL, buf_str(&more), &out));
  assert_int_equal(f->err.column, 64 * 8 + 1);
}

static void expressions_render_inline(void **state) {
  Fixture *f = *state;
  static const struct {
    MustacheContext context;
    const char *source, *wanted;
  } CASES[] = {
      {MUSTACHE_TEXT, "${{ i + 1 }}!", "8!"},
      {MUSTACHE_TEXT, "${{i}} {{i}} $5 ${{ 'a}}b' }}", "7 7 $5 a}}b"},
      {MUSTACHE_TEXT, "${{ {'a': {'b': 1}}.a.b }}", "1"},
      {MUSTACHE_TEXT, "${{ r'\\' + \"}}\" }}", "\\}}"},
      {MUSTACHE_HTML, "${{ s.substring(0, 4) }}", "a&lt;b&gt;"},
      {MUSTACHE_JSON, "{\"l\": ${{ list }}, \"s\": \"${{ '\"' }}\"}", "{\"l\": [1,\"x\\\"y\"], \"s\": \"\\\"\"}"},
      {MUSTACHE_TEXT, "[${{ alerts[0].nothing }}${{ null }}]", "[]"},
      {MUSTACHE_TEXT, "${{ map.k }}", "v"},
      {MUSTACHE_TEXT, "{{=<% %>=}}${{ i }}<% i %>", "77"},
      {MUSTACHE_TEXT, "{{#alerts}}\n${{ i }}{{title}}\n{{/alerts}}\n", "7first\n7second\n"},
  };
  for (size_t i = 0; i < COUNT(CASES); i++) expect(f, CASES[i].context, f->env, CASES[i].source, CASES[i].wanted);
  expect(f, MUSTACHE_TEXT, NULL, "${{i}}", "$7");
}

static void expression_errors_name_their_place_in_the_template(void **state) {
  Fixture *f = *state;
  Str out;
  assert_false(try_render(f, MUSTACHE_TEXT, f->env, S("one\ntwo ${{ i + }}"), &out));
  assert_int_equal(f->err.line, 2);
  assert_true(f->err.column >= 9);
  assert_false(try_render(f, MUSTACHE_TEXT, f->env, S("one\n${{ i / 0 }}"), &out));
  assert_int_equal(f->err.line, 2);
  assert_false(try_render(f, MUSTACHE_TEXT, f->env, S("x ${{ i"), &out));
  assert_int_equal(f->err.column, 3);
}

static void expressions_share_one_budget(void **state) {
  Fixture *f = *state;
  MustacheOptions options = {.cel_env = f->env};
  const Mustache *template;
  CelRun run = {.cost_max = 100};
  Buf out = buf_new(f->arena, KIB(64));
  assert_true(mustache_compile(f->arena, S("{{#alerts}}{{#alerts}}${{ list.map(x, [x, x, x]) }}{{/alerts}}{{/alerts}}"),
                               &options, &template, &f->err));
  bool whole = mustache_render(template, f->arena, &f->data, NULL, &out, &f->err);
  assert_true(whole);
  run.cost_max = 20;
  assert_false(mustache_render(template, f->arena, &f->data, &run, &out, &f->err));
  assert_int_equal(f->err.code, ERR_COST);
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
  const struct CMUnitTest tests[] = {
      TEST(each_context_escapes_in_its_way),
      TEST(json_values_follow_the_quotes_around_them),
      TEST(falsehood_is_absent_null_false_zero_and_empty),
      TEST(layout_follows_lines),
      TEST(errors_name_their_place),
      TEST(endless_or_too_long_rendering_stops),
      TEST(loops_over_loops_that_write_nothing_stop),
      TEST(sections_nest_to_a_limit),
      TEST(expressions_render_inline),
      TEST(expression_errors_name_their_place_in_the_template),
      TEST(expressions_share_one_budget),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
