/* YAML: the core schema, what is refused and where, and that what is written reads back. */
#include <math.h>
#include <string.h>

#include "lang/json.h"
#include "lang/yaml.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static Value parse(Arena *arena, Str text) {
  Value value;
  Error err = {0};
  if (!yaml_parse(arena, text, &value, &err)) fail_msg("%.*s: %s", STR_ARG(text), err.message);
  return value;
}

static void scalars_follow_the_core_schema(void **state) {
  (void)state;
  static const struct {
    const char *yaml, *json;
  } CASES[] = {
      {"", "null"},
      {"# nothing\n", "null"},
      {"---\n...\n", "null"},
      {"~", "null"},
      {"[null, Null, NULL, nUll]", "[null,null,null,\"nUll\"]"},
      {"[true, True, TRUE, tRue, yes, no, on, off]", "[true,true,true,\"tRue\",\"yes\",\"no\",\"on\",\"off\"]"},
      {"[0, -0, +12, 012, 0o17, 0x1F, 0xg, 0b1, -0x1]", "[0,0,12,12,15,31,\"0xg\",\"0b1\",\"-0x1\"]"},
      {"[1., .5, -1.5e3, +.5e-1, 1e3, ., +, -., e3, 1e]", "[1,0.5,-1500,0.05,1000,\".\",\"+\",\"-.\",\"e3\",\"1e\"]"},
      {"[9223372036854775807, -9223372036854775808, 9223372036854775808, 0xffffffffffffffff]",
       "[9223372036854775807,-9223372036854775808,9223372036854775808,18446744073709551615]"},
      {"[+0018446744073709551616, 1e999, -.5e9999]", "[18446744073709551616,1e999,-0.5e9999]"},
      {"[2026-01-05, 12:30, 1_000, \"5\", 'true', \"\"]", "[\"2026-01-05\",\"12:30\",\"1_000\",\"5\",\"true\",\"\"]"},
      {"a: |\n  x\n  y\nb: >\n  x\n  y\n", "{\"a\":\"x\\ny\\n\",\"b\":\"x y\\n\"}"},
      {"1: a\ntrue: b\n~: c\n", "{\"1\":\"a\",\"true\":\"b\",\"~\":\"c\"}"},
      {"a: &x [1, 2]\nb: *x\nc: *x\n", "{\"a\":[1,2],\"b\":[1,2],\"c\":[1,2]}"},
      {"a: &x 1\nb: &x 2\nc: *x\n", "{\"a\":1,\"b\":2,\"c\":2}"},
      {"a:\nb: ! 5\n", "{\"a\":null,\"b\":\"5\"}"},
      {"%YAML 1.2\n---\na: \"\\u00e9\\0\"\n", "{\"a\":\"\xc3\xa9\\u0000\"}"},
  };
  for (size_t i = 0; i < COUNT(CASES); i++) {
    Arena *arena = arena_new();
    Value v = parse(arena, str_from_c(CASES[i].yaml));
    assert_string_equal(str_to_c(arena, json_text(arena, &v)), CASES[i].json);
    arena_free(arena);
  }
}

static void special_doubles_are_read(void **state) {
  (void)state;
  Arena *arena = arena_new();
  Value v = parse(arena, S("[.inf, -.INF, +.Inf, .nan]"));
  assert_true(v.items[0].d == INFINITY && v.items[1].d == -INFINITY && v.items[2].d == INFINITY);
  assert_true(v.items[3].kind == VALUE_DOUBLE && isnan(v.items[3].d));
  arena_free(arena);
}

static void what_is_refused_says_where_and_why(void **state) {
  (void)state;
  static const struct {
    const char *yaml, *message;
  } CASES[] = {
      {"a: 1\nb: 2\na: 3\n", "line 3, column 1: the key \"a\" is there twice"},
      {"a: 1\n---\nb: 2\n", "line 2, column 1: a second document begins here; one is expected"},
      {"a: !!str 5\n", "line 1, column 4: tags (!) are not understood; write the value without one"},
      {"a: !x {b: 1}\n", "line 1, column 4: tags (!) are not understood; write the value without one"},
      {"a: *nope\n", "line 1, column 4: *nope has no anchor &nope before it"},
      {"a: &a [*a]\n", "line 1, column 8: *a has no anchor &a before it"},
      {"a: &b {c: 1}\nd:\n  <<: *b\n", "line 3, column 3: merge keys (<<) are not understood; write the members out"},
      {"? [1, 2]\n: 3\n", "line 1, column 3: expected a key that is a text"},
      {"a: @b\n",
       "line 1, column 4: found character that cannot start any token, while scanning for the next token that "
       "begins in line 1; quote text that begins with @ or `"},
      {"a:\n\t- b\n",
       "line 2, column 1: found character that cannot start any token, while scanning for the next token "
       "that begins in line 2; a tab cannot indent, use spaces"},
      {"a: \"b\n",
       "line 2, column 1: found unexpected end of stream, while scanning a quoted scalar that begins in line 1"},
      {"a: \xff\n", "invalid leading UTF-8 octet, at byte 3 of the text"},
  };
  for (size_t i = 0; i < COUNT(CASES); i++) {
    Arena *arena = arena_new();
    Value v;
    Error err = {0};
    assert_false(yaml_parse(arena, str_from_c(CASES[i].yaml), &v, &err));
    assert_string_equal(err.message, CASES[i].message);
    assert_int_equal(err.code, ERR_INVALID);
    assert_false(yaml_parse(arena, str_from_c(CASES[i].yaml), &v, NULL));
    arena_free(arena);
  }
}

static bool refused(Arena *arena, Str text, const char *because) {
  Value v;
  Error err = {0};
  return !yaml_parse(arena, text, &v, &err) && strstr(err.message, because);
}

static void depth_size_and_repetition_are_limited(void **state) {
  (void)state;
  Arena *arena = arena_new();
  Buf nested = buf_new(arena, 10000), laughs = buf_new(arena, 10000), anchors = buf_new(arena, 10000);
  for (int i = 0; i < 64; i++) buf_putc(&nested, '[');
  for (int i = 0; i < 64; i++) buf_putc(&nested, ']');
  parse(arena, buf_str(&nested));
  assert_true(refused(arena, str_format(arena, "[%.*s]", STR_ARG(buf_str(&nested))), "nested deeper than 64"));
  buf_puts(&laughs, "a0: &a0 ha\n");
  for (int i = 1; i < 20; i++) {
    buf_format(&laughs, "a%d: &a%d [", i, i);
    for (int j = 0; j < 10; j++) buf_format(&laughs, "*a%d,", i - 1);
    buf_puts(&laughs, "]\n");
  }
  assert_true(refused(arena, buf_str(&laughs), "aliases repeat more than 1 MiB"));
  Buf tower = buf_new(arena, 10000);
  buf_puts(&tower, "- &a0 []\n");
  for (int i = 1; i < 80; i++) buf_format(&tower, "- &a%d [*a%d]\n", i, i - 1);
  assert_true(refused(arena, buf_str(&tower), "nested deeper than 64"));
  for (int i = 0; i < 101; i++) buf_format(&anchors, "- &a%d x\n", i);
  assert_true(refused(arena, buf_str(&anchors), "more than 100 anchors"));
  Str large = {arena_zero(arena, MIB(1) + 1, 1), MIB(1) + 1};
  assert_true(refused(arena, large, "at most 1 MiB"));
  arena_free(arena);
}

static void the_style_is_the_one_people_write(void **state) {
  (void)state;
  Arena *arena = arena_new();
  Value v;
  assert_true(
      json_parse(arena,
                 S("{\"name\":\"Disk is full\",\"note\":\"one\\ntwo\\n\",\"on\":\"yes\",\"list\":[1,[2,3],"
                   "{\"a\":\"b: c\",\"d\":[]},\"\"],\"map\":{\"x\":{\"z\":null}},\"when\":\"payload.x == 'y'\"}"),
                 NULL, &v, NULL));
  Buf out = buf_new(arena, 1000);
  yaml_write(&out, &v);
  assert_string_equal(str_to_c(arena, buf_str(&out)), "name: Disk is full\n"
                                                      "note: |\n"
                                                      "  one\n"
                                                      "  two\n"
                                                      "\"on\": \"yes\"\n"
                                                      "list:\n"
                                                      "  - 1\n"
                                                      "  - - 2\n"
                                                      "    - 3\n"
                                                      "  - a: \"b: c\"\n"
                                                      "    d: []\n"
                                                      "  - \"\"\n"
                                                      "map:\n"
                                                      "  x:\n"
                                                      "    z: null\n"
                                                      "when: payload.x == 'y'\n");
  arena_free(arena);
}

static void check_reads_back(Arena *arena, const Value *v) {
  Buf out = buf_new(arena, MIB(1));
  yaml_write(&out, v);
  Value again = parse(arena, buf_str(&out));
  if (!value_equal(v, &again)) fail_msg("%.*s became\n%.*s", STR_ARG(json_text(arena, v)), STR_ARG(buf_str(&out)));
}

static const char *const TEXTS[] = {
    "",
    " ",
    "a ",
    " a",
    "- a",
    "a: b",
    "a:",
    "a #b",
    "#a",
    "null",
    "Yes",
    "n",
    "1",
    "1e3",
    ".5",
    "0x1f",
    "2026-01-05",
    "---",
    "...",
    "<<",
    "=",
    "|",
    "*a",
    "&a",
    "!a",
    "%a",
    "@a",
    "`a",
    "'a'",
    "\"a\"",
    "[a]",
    "{a}",
    "a, b",
    "? a",
    "\\",
    "a\\nb",
    "\n",
    "\n\n",
    "a\n",
    "a\n\n",
    "a\n\nb",
    "a\n b\n  c\n",
    "\na",
    " a\nb",
    "\ta\nb",
    "a\n\tb",
    "a\n  ",
    "a\n  \n",
    "a\n---\n",
    "a\n...\nb",
    "# a\nb",
    "a\rb",
    "a\r\nb",
    "a\tb",
    "\x7f",
    "\xc2\x85",
    "\xe2\x80\xa8",
    "\xef\xbb\xbf",
    "\xef\xbf\xbf",
    "\xf0\x9f\x98\x80 x",
    "\xc2\xa0",
    "\x01",
    "a\n#b\n",
    "a\xc2\x85\nb",
};

static void hard_texts_read_back(void **state) {
  (void)state;
  Arena *arena = arena_new();
  for (size_t i = 0; i < COUNT(TEXTS); i++) {
    Value text = value_c(TEXTS[i]);
    check_reads_back(arena, &text);
    Value list = list_of(arena, (Value[]){text, text, value_int(1)}, 3);
    check_reads_back(arena, &list);
    MapBuilder map = map_builder(arena);
    map_put(&map, str_from_c(TEXTS[i]), text);
    map_put_c(&map, "nested", list);
    map_put_c(&map, "after", text);
    Value made = map_done(&map);
    check_reads_back(arena, &made);
  }
  arena_free(arena);
}

static void long_keys_and_every_number_read_back(void **state) {
  (void)state;
  Arena *arena = arena_new();
  char *key = arena_alloc(arena, 3000);
  memset(key, 'k', 3000);
  for (size_t bytes = 100; bytes <= 3000; bytes += 100) {
    MapBuilder map = map_builder(arena);
    map_put(&map, (Str){key, bytes}, value_int(1));
    map_put(&map, (Str){key, bytes - 1}, list_of(arena, (Value[]){value_null()}, 1));
    Value made = map_done(&map), list = list_of(arena, &made, 1);
    check_reads_back(arena, &made);
    check_reads_back(arena, &list);
  }
  Value numbers;
  assert_true(json_parse(arena, S("[0,-1,18446744073709551615,18446744073709551616,1e999,1e-7,1e21,0.1,-5e-324,true]"),
                         NULL, &numbers, NULL));
  check_reads_back(arena, &numbers);
  arena_free(arena);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(scalars_follow_the_core_schema),       cmocka_unit_test(special_doubles_are_read),
      cmocka_unit_test(what_is_refused_says_where_and_why),   cmocka_unit_test(depth_size_and_repetition_are_limited),
      cmocka_unit_test(the_style_is_the_one_people_write),    cmocka_unit_test(hard_texts_read_back),
      cmocka_unit_test(long_keys_and_every_number_read_back),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
