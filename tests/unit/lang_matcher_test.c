/* Matchers: both grammars as tables, and what they mean. */
#include "lang/matcher.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

/* `expected` is the list written out, or the start of the sentence that refuses it. */
typedef struct Case {
  const char *text, *expected;
} Case;

static void check(const Case *cases, size_t count, MatcherDialect dialect) {
  for (size_t i = 0; i < count; i++) {
    CLEANUP(arena_freep) Arena *arena = arena_new();
    Matchers read = {0};
    Error err = {0};
    Buf text = buf_new(arena, KIB(64));
    if (matchers_parse(arena, str_from_c(cases[i].text), dialect, &read, &err))
      matchers_put(&text, read.items, read.count);
    else
      buf_puts(&text, err.message);
    if (!str_starts_with(buf_str(&text), str_from_c(cases[i].expected)))
      fail_msg("%s\n  is       %.*s\n  expected %s", cases[i].text, STR_ARG(buf_str(&text)), cases[i].expected);
  }
}

static void utf8_grammar(void **state) {
  static const Case CASES[] = {
      {"", "{}"},
      {"{}", "{}"},
      {" { } ", "{}"},
      {"foo=bar", "{foo=\"bar\"}"},
      {"{foo=bar}", "{foo=\"bar\"}"},
      {"{foo=bar,}", "{foo=\"bar\"}"},
      {"foo=bar,", "{foo=\"bar\"}"},
      {"{foo!=bar, baz=~\"q.*\" ,x!~y}", "{foo!=\"bar\", baz=~\"q.*\", x!~\"y\"}"},
      {"foo=\"\"", "{foo=\"\"}"},
      {"foo=", "the matcher ends where a value is expected"},
      {"{foo=}", "at character 6: \"}\" stands where a value is expected"},
      {"{foo=,}", "at character 6: \",}\" stands where a value is expected"},
      {"foo", "the matcher ends where one of = != =~ !~ is expected"},
      {"=bar", "at character 1: \"=bar\" stands where a label's name is expected"},
      {",", "at character 1"},
      {"{,}", "at character 2"},
      {"a=b,,c=d", "at character 5"},
      {"{a=b", "the brace of character 1 is not closed"},
      {"a=b}", "at character 4: \"}\" stands where the end is expected"},
      {"{a=b}}", "at character 6: \"}\" stands where the end is expected"},
      {"{a=b} x", "at character 7: \"x\" stands where the end is expected"},
      {"a=b c=d", "at character 5: \"c=d\" stands where a comma is expected"},
      {"\"a b\"=\"c d\"", "{\"a b\"=\"c d\"}"},
      {"\"\"=x", "a label's name may not be empty"},
      {"größe=\"süß\"", "{\"größe\"=\"süß\"}"},
      {"🙂=🙂", "{\"🙂\"=\"🙂\"}"},
      {"k8s.io/name=x", "{\"k8s.io/name\"=\"x\"}"},
      {"a=\"x\\ty\\u00fc\\x41\\101\\\"\\\\\"", "{a=\"x\tyüAA\\\"\\\\\"}"},
      {"a=\"\\q\"", "at character 4: \"\\q\" is no escape"},
      {"a=\"\\xff\"", "the text of character 3 is not valid UTF-8"},
      {"a=\"\\ud800\"", "at character 4"},
      {"a=\"\\400\"", "at character 4"},
      {"a=\"x", "the quote of character 3 is not closed"},
      {"a=\"x\ny\"", "a quoted text may not hold a line break"},
      {"a=x'y", "at character 4: \"'y\" stands where a comma is expected"},
      {"a=`x`", "at character 3"},
      {"a=b\\c", "at character 4"},
      {"a==b", "at character 3: \"=b\" stands where a value is expected"},
      {"a=~=b", "at character 4"},
      {"a\xc2\xa0=\xe2\x80\x83"
       "b",
       "{a=\"b\"}"}, /* spaces of Unicode */
  };
  (void)state;
  check(CASES, COUNT(CASES), MATCHER_UTF8);
}

static void classic_grammar(void **state) {
  static const Case CASES[] = {
      {"", "{}"},
      {"{}", "{}"},
      {"foo=bar", "{foo=\"bar\"}"},
      {"{foo=bar,}", "{foo=\"bar\"}"},
      {"foo=", "{foo=\"\"}"},
      {"foo=\"\"", "{foo=\"\"}"},
      {"foo=bar baz", "{foo=\"bar baz\"}"},
      {" foo = bar , q!~\"x\" ", "{foo=\"bar\", q!~\"x\"}"},
      {"foo==b", "{foo=\"=b\"}"},
      {"foo=~=b", "{foo=~\"=b\"}"},
      {"foo=\"a,b\"", "{foo=\"a,b\"}"},
      {"foo=a\\nb", "{foo=\"a\\nb\"}"},
      {"foo=a\\tb", "{foo=\"a\\\\tb\"}"},
      {"foo=\"a\\", "the quote of"},
      {"foo=a\\", "{foo=\"a\\\\\"}"},
      {"foo=a\"b", "a\"b holds a quote without a backslash"},
      {"foo=\"a\"b\"", "\"a\"b\" holds a quote"},
      {"foo=\"", "the quote of"},
      {"foo=a\\\"b", "{foo=\"a\\\"b\"}"},
      {",", "\"\" is no matcher"},
      {"a=b,,c=d", "\"\" is no matcher"},
      {"1a=b", "\"1a=b\" is no matcher"},
      {"a.b=c", "\"a.b=c\" is no matcher"},
      {"a b=c", "\"a b=c\" is no matcher"},
      {"a", "\"a\" is no matcher"},
      {"a!b", "\"a!b\" is no matcher"},
      {"a:b=c", "{a:b=\"c\"}"},
      {"a=x{y}", "{a=\"x{y\"}"},
      {"{a=x{y}}", "{a=\"x{y}\"}"},
  };
  (void)state;
  check(CASES, COUNT(CASES), MATCHER_CLASSIC);
}

static void either_takes_the_classic_meaning_and_says_so(void **state) {
  static const struct {
    const char *text, *expected;
    bool warns;
  } CASES[] = {{"a=b", "{a=\"b\"}", false},          {"a=", "{a=\"\"}", true},
               {"a=b c", "{a=\"b c\"}", true},       {"größe=x", "{\"größe\"=\"x\"}", false},
               {"a=\"\\t\"", "{a=\"\\\\t\"}", true}, {"a=\"\\\\\"", "{a=\"\\\\\"}", false}};
  (void)state;
  for (size_t i = 0; i < COUNT(CASES); i++) {
    CLEANUP(arena_freep) Arena *arena = arena_new();
    Matchers read = {0};
    Error err = {0};
    Buf text = buf_new(arena, KIB(4));
    if (!matchers_parse(arena, str_from_c(CASES[i].text), MATCHER_EITHER, &read, &err)) fail_msg("%s", err.message);
    matchers_put(&text, read.items, read.count);
    assert_true(str_equal_c(buf_str(&text), CASES[i].expected));
    assert_int_equal(read.warning != NULL, CASES[i].warns);
  }
}

static void what_they_mean(void **state) {
  static const struct {
    MatcherOp op;
    const char *value, *label;
    bool holds;
  } CASES[] = {{MATCHER_EQUAL, "a", "a", true},
               {MATCHER_EQUAL, "a", "A", false},
               {MATCHER_EQUAL, "", "", true},
               {MATCHER_NOT_EQUAL, "a", "", true},
               {MATCHER_NOT_EQUAL, "a", "a", false},
               {MATCHER_REGEX, "a|b|c", "b", true},
               {MATCHER_REGEX, "a|b|c", "ab", false},
               {MATCHER_REGEX, "a||c", "", true},
               {MATCHER_REGEX, "", "", true},
               {MATCHER_REGEX, "", "a", false},
               {MATCHER_REGEX, "a", "ba", false}, /* the whole of it */
               {MATCHER_REGEX, ".*", "", true},
               {MATCHER_REGEX, ".+", "", false},
               {MATCHER_REGEX, "db-.*", "db-1", true},
               {MATCHER_REGEX, "db-.*", "xdb-1", false},
               {MATCHER_REGEX, "db-?", "db", true},
               {MATCHER_REGEX, "dbé?", "db", true},
               {MATCHER_REGEX, "db{0}x", "dx", true},
               {MATCHER_REGEX, "db+", "dbbb", true},
               {MATCHER_REGEX, "10\\.0\\.0\\.1", "10.0.0.1", true},
               {MATCHER_REGEX, "10\\.0\\.0\\.1", "10x0.0.1", false},
               {MATCHER_REGEX, "10\\.0\\..*", "10.0.9.9", true},
               {MATCHER_REGEX, "\\d+", "12", true},
               {MATCHER_REGEX, "(?i)DISK", "disk", true},
               {MATCHER_REGEX, "a.*|b", "b", true},
               {MATCHER_REGEX, "(a|b)c", "bc", true},
               {MATCHER_REGEX, "a\nb", "a\nb", true},
               {MATCHER_REGEX, ".", "\n", false},
               {MATCHER_REGEX, "a", "a\n", false},
               {MATCHER_NOT_REGEX, "a|b", "c", true},
               {MATCHER_NOT_REGEX, "a|b", "a", false},
               {MATCHER_NOT_REGEX, "x.*", "", true}};
  (void)state;
  for (size_t i = 0; i < COUNT(CASES); i++) {
    CLEANUP(arena_freep) Arena *arena = arena_new();
    Matcher m = {.name = S("x"), .value = str_from_c(CASES[i].value), .op = CASES[i].op};
    Error err = {0};
    if (!matcher_compile(arena, &m, &err)) fail_msg("%s: %s", CASES[i].value, err.message);
    if (matcher_holds(&m, str_from_c(CASES[i].label)) != CASES[i].holds)
      fail_msg("%s \"%s\" on \"%s\" should be %d", matcher_op_text(m.op), CASES[i].value, CASES[i].label,
               CASES[i].holds);
  }
}

static void only_re2_is_taken(void **state) {
  static const char *const BAD[] = {"a(?=b)", "(a)\\1", "[a", "a)(b", "*", "(?<=a)b", "a**"};
  (void)state;
  for (size_t i = 0; i < COUNT(BAD); i++) {
    CLEANUP(arena_freep) Arena *arena = arena_new();
    Matcher m = {.name = S("x"), .value = str_from_c(BAD[i]), .op = MATCHER_REGEX};
    Error err = {0};
    if (matcher_compile(arena, &m, &err)) fail_msg("%s was taken", BAD[i]);
    assert_true(err.message[0] != '\0');
  }
}

static void what_costs_too_much_silences_nothing(void **state) {
  CLEANUP(arena_freep) Arena *arena = arena_new();
  char text[4000];
  Error err = {0};
  (void)state;
  memset(text, 'a', sizeof text);
  for (int op = MATCHER_REGEX; op <= MATCHER_NOT_REGEX; op++) {
    Matcher m = {.name = S("x"), .value = S("(a*)*(a*)*(a*)*b"), .op = (MatcherOp)op};
    assert_true(matcher_compile(arena, &m, &err));
    assert_false(matcher_holds(&m, (Str){text, sizeof text}) && op == MATCHER_REGEX);
  }
}

static void too_many_are_refused(void **state) {
  CLEANUP(arena_freep) Arena *arena = arena_new();
  Buf text = buf_new(arena, KIB(4));
  Matchers read = {0};
  Error err = {0};
  (void)state;
  for (int i = 0; i <= MATCHERS_MAX; i++) buf_puts(&text, "a=b,");
  assert_false(matchers_parse(arena, buf_str(&text), MATCHER_UTF8, &read, &err));
  assert_false(matchers_parse(arena, buf_str(&text), MATCHER_CLASSIC, &read, &err));
  assert_false(matchers_parse(arena, S("a=\xff"), MATCHER_UTF8, &read, &err));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(utf8_grammar),
      cmocka_unit_test(classic_grammar),
      cmocka_unit_test(either_takes_the_classic_meaning_and_says_so),
      cmocka_unit_test(what_they_mean),
      cmocka_unit_test(only_re2_is_taken),
      cmocka_unit_test(what_costs_too_much_silences_nothing),
      cmocka_unit_test(too_many_are_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
