/* CEL as Tocsin uses it: errors for people, missing fields, explain, limits, and Tocsin's own functions. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "lang/cel/program.h"
#include "lang/json.h"

#include <cmocka.h>

static const char PAYLOAD[] =
    "{\"title\":\"disk "
    "full\",\"count\":7,\"big\":12345678901234567890123,\"half\":0.5,\"none\":null,\"on\":true,\"empty\":\"\","
    "\"labels\":{\"env\":\"prod\",\"host\":\"db-1\"},\"tags\":[\"env:prod\",\"urgent\"],\"user\":{\"name\":\"ann\"},"
    "\"at\":\"2026-01-05T09:00:00+0000\"}";

static const CelVar VARS[] = {
    {"payload", "dyn", "What was sent."},
    {"alert", "map", "The alert."},
    {"alert.title", "string", "Its title.", .field = true},
    {"alert.labels", "map(string, string)", "Its labels.", .field = true},
    {"runbook.inputs", "map(string, dyn)", "What the run was given."},
    {"later", "int", "Not known yet."},
};

typedef struct Fixture {
  Arena *arena;
  CelEnv *env;
  Value vars[COUNT(VARS)];
} Fixture;

static const bool BOUND[COUNT(VARS)] = {true, true, true, true, true, false};

static int set_up(void **state) {
  static Fixture f;
  f = (Fixture){.arena = arena_new()};
  CelEnvOptions options = {.vars = VARS, .var_count = COUNT(VARS)};
  f.env = cel_env_new(f.arena, &options);
  Error err = {0};
  if (!json_parse(f.arena, S(PAYLOAD), NULL, &f.vars[0], &err)) return -1;
  f.vars[1] = f.vars[0];
  f.vars[4] = f.vars[0];
  *state = &f;
  return 0;
}

static int tear_down(void **state) {
  arena_free(((Fixture *)*state)->arena);
  return 0;
}

static bool run_with(Fixture *f, const char *source, CelRun *run, Value *out, Error *err) {
  const CelProgram *program = NULL;
  if (!cel_compile(f->arena, f->env, str_from_c(source), NULL, &program, err)) return false;
  run->vars = f->vars;
  run->bound = BOUND;
  return cel_eval(program, f->arena, run, out, err);
}

/* The value as JSON, or "!" and the error's message. */
static const char *answer(Fixture *f, const char *source) {
  CelRun run = {.now_ms = 1767603600000};
  Value out;
  Error err = {0};
  if (!run_with(f, source, &run, &out, &err)) return str_to_c(f->arena, str_format(f->arena, "!%s", err.message));
  return str_to_c(f->arena, json_text(f->arena, &out));
}

typedef struct Row {
  const char *source, *wanted;
} Row;

static void check_rows(Fixture *f, const Row *rows, size_t count) {
  for (size_t i = 0; i < count; i++) {
    const char *got = answer(f, rows[i].source);
    if (strcmp(got, rows[i].wanted) != 0) fail_msg("%s\n  gives  %s\n  wanted %s", rows[i].source, got, rows[i].wanted);
  }
}

static void mistakes_are_found_at_compilation(void **state) {
  static const Row ROWS[] = {
      {"paylod.title", "!unknown name \"paylod\"; did you mean payload?"},
      {"alert.lables.env == 'prod'", "!unknown field \"alert.lables\"; did you mean alert.labels?"},
      {"has(alert.titel)", "!unknown field \"alert.titel\"; did you mean alert.title?"},
      {"alert.zzzzzz", "!unknown field \"alert.zzzzzz\"; a field of your own is a label: alert.labels.zzzzzz (a text; "
                       "double(...) makes a "
                       "number of it)"},
      {"runbook.input.x", "!unknown name \"runbook\"; did you mean runbook.inputs?"},
      {"payload.title.startWith('a')", "!unknown function \"startWith\"; did you mean startsWith()?"},
      {"payload.tags.exist(x, x == 'a')", "!unknown function \"exist\"; did you mean exists()?"},
      {"truncat('a', 1)", "!unknown function \"truncat\"; did you mean truncate()?"},
      {"_in_(1)", "!unknown function \"_in_\""},
      {"'a' in alert.title", "!'in' does not work between string and string; convert one side, or wrap it in dyn()"},
      {"-alert.title", "!'-' does not work on string"},
      {"qqqq", "!unknown name \"qqqq\""},
      {"size == 3", "!\"size\" is a function; call it: size(...)"},
      {"alert.title + 1", "!'+' does not work between string and int; convert one side, or wrap it in dyn()"},
      {"alert.title ? 1 : 2", "!the condition before '?' must be a bool; this is string"},
      {"alert.title.foo", "!a value of type string has no field \"foo\""},
      {"alert.title.contains()",
       "!string.contains() has the wrong number of arguments (); expected string.contains(string)"},
      {"alert.title.contains(1)", "!string.contains() does not take (int); expected string.contains(string)"},
      {"payload.title = 'a'", "!unexpected character '='; use == to compare"},
      {"payload.tags.all(x)",
       "!all() does not take 1 arguments; write list.all(x, condition) or list.all(i, x, condition)"},
      {"payload.title.matches('a(')", "!regular expression: missing closing parenthesis at character 3"},
      {"payload.title.matches('a(?=b)')",
       "!regular expression: looking ahead is not supported at character 2 (the syntax is RE2's)"},
      {"payload.title.matches('(a)\\\\1')",
       "!regular expression: back references are not supported at character 4 (the syntax is RE2's)"},
      {"", "!the expression is empty"},
      {"1 +", "!the expression ends where a value was expected"},
      {"'abc", "!this text has no closing quote"},
      {"9223372036854775808", "!this number does not fit an int; write it with a trailing u, or as a double"},
      {"[1, 2", "!the expression ends where ',' or a closing bracket was expected"},
      {"if", "!'if' is a reserved word"},
  };
  check_rows(*state, ROWS, COUNT(ROWS));
}

static void an_error_shows_its_place(void **state) {
  Fixture *f = *state;
  const CelProgram *program = NULL;
  Error err = {0};
  assert_false(cel_compile(f->arena, f->env, S("payload.count > 3 &&\n  paylod.title == 'x'"), NULL, &program, &err));
  assert_int_equal(err.line, 2);
  assert_int_equal(err.column, 3);
  assert_string_equal(err.detail, "  paylod.title == 'x'\n  ^");
  CelRun run = {0};
  Value out;
  error_clear(&err);
  assert_false(run_with(f, "'\xC3\xBC' == payload.user.age", &run, &out, &err));
  assert_int_equal(err.code, ERR_MISSING);
  assert_int_equal(err.column, 21);
  assert_string_equal(err.detail, "'\xC3\xBC' == payload.user.age\n                    ^");
}

static void what_is_absent_is_missing(void **state) {
  static const struct {
    const char *source;
    ErrorCode code;
  } ROWS[] = {
      {"payload.nope", ERR_MISSING},
      {"payload.none.name", ERR_MISSING},
      {"payload['nope']", ERR_MISSING},
      {"payload.tags[9]", ERR_MISSING},
      {"later > 3", ERR_MISSING},
      {"optional.none().value()", ERR_MISSING},
      {"payload.nope == 1 && true", ERR_MISSING},
      {"payload.title.name", ERR_INVALID},
      {"1 / 0", ERR_INVALID},
      {"payload.title > 3", ERR_INVALID},
      {"payload.tags['a']", ERR_INVALID},
      {"lists.range(100000).map(x, x)", ERR_COST},
      {"lists.range(1000).all(x, lists.range(1000).all(y, y >= 0))", ERR_COST},
  };
  Fixture *f = *state;
  for (size_t i = 0; i < COUNT(ROWS); i++) {
    CelRun run = {0};
    Value out;
    Error err = {0};
    assert_false(run_with(f, ROWS[i].source, &run, &out, &err));
    if (err.code != ROWS[i].code) fail_msg("%s: %s, %s", ROWS[i].source, error_code_name(err.code), err.message);
  }
}

static void fields_are_read_with_care(void **state) {
  static const Row ROWS[] = {
      {"has(payload.nope)", "false"},
      {"has(payload.none.name)", "false"},
      {"has(payload.user.name)", "true"},
      {"has(later)", "!has() wants a field; write has(alert.field)"},
      {"has(runbook.inputs)", "true"},
      {"(runbook.inputs).count", "7"},
      {"payload.?user.?name.orValue('?')", "\"ann\""},
      {"payload.?nope.?name.orValue('?')", "\"?\""},
      {"payload.nope == 'a' || payload.count == 7", "true"},
      {"payload.count == 7.0 && payload.half < 1", "true"},
      {"string(payload.big)", "\"12345678901234567890123\""},
      {"payload.big > 5", "true"},
      {"payload.big + 1.0 > 1e22", "true"},
      {"math.floor(payload.big) > 1e22", "true"},
      {"alert.labels.env", "\"prod\""},
      {"{'in': 1}.in", "1"},
  };
  check_rows(*state, ROWS, COUNT(ROWS));
}

static void explain_names_what_decided(void **state) {
  static const Row ROWS[] = {
      {"payload.count == 7 && payload.on", "payload.count == 7 && payload.on"},
      {"payload.count == 8 && payload.on", "payload.count == 8"},
      {"payload.on && payload.count > 9 && payload.half < 1", "payload.count > 9"},
      {"payload.on && (payload.count > 9 || payload.count < 2)", "(payload.count > 9 || payload.count < 2)"},
      {"payload.count > 9 || payload.title == 'disk full'", "payload.title == 'disk full'"},
      {"(payload.count > 9 && payload.on) || payload.half == 0.5", "payload.half == 0.5"},
      {"(payload.on || payload.count > 9) && payload.count == 1", "payload.count == 1"},
      {"payload.count > 9 || payload.count < 2", "payload.count > 9 || payload.count < 2"},
      {"payload.nope == 1 && payload.count > 9", "payload.count > 9"},
      {"payload.on && payload.nope == 1", "payload.nope"},
      {"  payload.on  ", "payload.on"},
  };
  Fixture *f = *state;
  for (size_t i = 0; i < COUNT(ROWS); i++) {
    CelRun run = {.explain = true};
    Value out;
    Error err = {0};
    (void)!run_with(f, ROWS[i].source, &run, &out, &err);
    Str decided = str_slice(str_from_c(ROWS[i].source), run.decided_from, run.decided_to);
    if (!str_equal_c(decided, ROWS[i].wanted)) fail_msg("%s: decided by %.*s", ROWS[i].source, STR_ARG(decided));
  }
}

static void first_takes_what_is_there(void **state) {
  static const Row ROWS[] = {
      {"first(payload.nope, payload.none, payload.empty, payload.title)", "\"disk full\""},
      {"first(payload.nope, [], {}, 0)", "0"},
      {"first(payload.?nope, payload.?count)", "7"},
      {"first(payload.nope)", "null"},
      {"first(1 / 0, 2)", "!division by zero"},
      {"[5, 6].first().value()", "5"},
      {"[].filter(x, x < payload.count).map(x, x + 1)", "[]"},
  };
  check_rows(*state, ROWS, COUNT(ROWS));
}

static void times_of_all_vendors_are_read(void **state) {
  static const Row ROWS[] = {
      {"time(payload.at)", "\"2026-01-05T09:00:00Z\""},
      {"time('2026-01-05T10:00:00+01:00')", "\"2026-01-05T09:00:00Z\""},
      {"time('2026-01-05 09:00:00')", "\"2026-01-05T09:00:00Z\""},
      {"time('2026-01-05 09:00:00.5 +0200')", "\"2026-01-05T07:00:00.500Z\""},
      {"time('2026-01-05 09:00:00 UTC')", "\"2026-01-05T09:00:00Z\""},
      {"time('2026-01-05 10:00:00.123456 +0100 CET')", "\"2026-01-05T09:00:00.123456Z\""},
      {"time('2026-01-05')", "\"2026-01-05T00:00:00Z\""},
      {"time(1767603600)", "\"2026-01-05T09:00:00Z\""},
      {"time(1767603600123)", "\"2026-01-05T09:00:00.123Z\""},
      {"time(1767603600123456)", "\"2026-01-05T09:00:00.123456Z\""},
      {"time(1767603600123456789)", "\"2026-01-05T09:00:00.123456789Z\""},
      {"time(1767603600.5)", "\"2026-01-05T09:00:00.500Z\""},
      {"time('1767603600')", "\"2026-01-05T09:00:00Z\""},
      {"time('')", "null"},
      {"time(null)", "null"},
      {"time(0)", "null"},
      {"time('0001-01-01T00:00:00Z')", "null"},
      {"time('0000-00-00 00:00:00')", "null"},
      {"time('yesterday')", "!time(): \"yesterday\" is not a time, such as 2026-01-05T09:00:00Z"},
      {"time('2026-02-30T00:00:00Z')", "!time(): \"2026-02-30T00:00:00Z\" is not a time, such as 2026-01-05T09:00:00Z"},
      {"duration('0.000000000000000000000000001s')",
       "!duration(): \"0.000000000000000000000000001s\" is not a duration, such as 1h30m or 90s"},
      {"duration('0000000000000000000000000000001s')",
       "!duration(): \"0000000000000000000000000000001s\" is not a duration, such as 1h30m or 90s"},
      {"now()", "\"2026-01-05T09:00:00Z\""},
      {"now() - time(payload.at) == duration('0s')", "true"},
  };
  check_rows(*state, ROWS, COUNT(ROWS));
}

/* A step is about 10 ns: what takes longer costs that many steps, or the budget would be no bound of the time. */
static void slow_functions_cost_more_steps(void **state) {
  static const struct {
    const char *source;
    u64 cost_min;
  } ROWS[] = {
      {"'%s %f'.format([payload.title, 2.5])", 50},
      {"timestamp('2026-01-05T09:00:00Z') != null", 10},
      {"timestamp('2026-01-05T09:00:00Z').getHours('+02:00')", 30},
      {"duration('1h2m3s') > duration('1s')", 50},
      {"time('2026-01-05 09:00:00 +0100') != null", 12},
      {"double('1.2345678901234567e300')", 40},
      {"json('[1,2]')", 20},
      {"ip('10.0.0.1').family()", 40},
      {"lists.range(1000).sort()", 12000},
      {"'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'.matches('(a|b){1,2}c')", 100},
      {"lists.range(1000).map(x, x)", 4000},
  };
  Fixture *f = *state;
  for (size_t i = 0; i < COUNT(ROWS); i++) {
    CelRun run = {0};
    Value out;
    Error err = {0};
    if (!run_with(f, ROWS[i].source, &run, &out, &err)) fail_msg("%s: %s", ROWS[i].source, err.message);
    if (run.cost < ROWS[i].cost_min) fail_msg("%s costs %llu", ROWS[i].source, (unsigned long long)run.cost);
  }
  CelRun run = {0};
  Value out;
  Error err = {0};
  assert_false(run_with(f, "lists.range(40000).map(x, x)", &run, &out, &err));
  assert_int_equal(err.code, ERR_COST);
  assert_in_range(run.cost, CEL_COST_DEFAULT, CEL_COST_DEFAULT + 1000);
}

static void texts_without_offset_are_in_the_zone_of_the_run(void **state) {
  Fixture *f = *state;
  ZoneDb *zones = zone_db_new(NULL);
  const Zone *zone = NULL;
  Error err = {0};
  Value out;
  assert_true(zone_find(zones, S("Europe/Berlin"), &zone, &err));
  CelRun run = {.zone = zone};
  assert_true(run_with(f, "time('2026-01-05 10:00:00')", &run, &out, &err));
  assert_int_equal(out.i, 1767603600);
  assert_true(run_with(f, "time('2026-01-05 10:00:00Z')", &run, &out, &err));
  assert_int_equal(out.i, 1767607200);
  zone_db_free(zones);
}

static void own_functions_do_what_they_say(void **state) {
  static const Row ROWS[] = {
      {"labels_from(payload.tags)", "{\"env\":\"prod\",\"urgent\":\"true\"}"},
      {"labels_from('a:b, c:d:e ,f,')", "{\"a\":\"b\",\"c\":\"d:e\",\"f\":\"true\"}"},
      {"labels_from(payload.none)", "{}"},
      {"payload.labels.keys() == ['env', 'host'] && payload.labels.values().size() == 2", "true"},
      {"'AbC'.toLowerCase() + 'AbC'.toUpperCase()", "\"abcABC\""},
      {"payload.none.orValue('n/a') + payload.title.orValue('n/a') + payload.?nope.orValue('!')", "\"n/adisk full!\""},
      {"timestamp('2026-01-05T09:07:03.5Z').format('yyyy-MM-dd HH:mm:ss.SSS')", "\"2026-01-05 09:07:03.500\""},
      {"timestamp('2026-01-05T23:07:03Z').format(\"EEE d MMM yy, h 'o''clock' a XX\", '+02:30')",
       "\"Tue 6 Jan 26, 1 o'clock AM +0230\""},
      {"timestamp('2026-01-05T09:00:00Z').format('QQ')",
       "!format(): \"Q\" means nothing in a time's pattern; there are y M d E H h a m s S X Z, and 'quoted' text"},
      {"merge({'a': '1', 'b': '2'}, {'b': '3'}, payload.none)", "{\"a\":\"1\",\"b\":\"3\"}"},
      {"without(payload.labels, ['env'])", "{\"host\":\"db-1\"}"},
      {"truncate('h\xC3\xA4user', 4)", "\"h\xC3\xA4u\xE2\x80\xA6\""},
      {"truncate('abc', 3)", "\"abc\""},
      {"'abc'.truncate(0)", "\"\""},
      {"hash('a', 'bc') == hash('ab', 'c')", "false"},
      {"hash('a')", "\"91ddda47919279f2\""},
      {"url_host('https://ann@Example.com:8443/a?b=c')", "\"example.com\""},
      {"url_host('http://[2001:db8::1]:80/')", "\"2001:db8::1\""},
      {"url_host('db-1:9100')", "\"db-1\""},
      {"one_line(' a \\n\\t b ')", "\"a b\""},
      {"strip_html('<p>Disk <b>full</b> &amp; slow</p><script>x()</script><br>a &lt; b &#8364; &nope;')",
       "\"Disk full & slow\\na < b \xE2\x82\xAC &nope;\""},
      {"strip_html('1 < 2 <!-- no --> yes')", "\"1 < 2  yes\""},
      {"json('{\"a\": [1, 2]}').a[1]", "2"},
      {"json_path(payload, '$.labels.env')", "\"prod\""},
      {"json_path(payload, '$..name')", "[\"ann\"]"},
      {"json_path(payload, '$.tags[-1]') + json_path(payload, '$[\"title\"]')", "\"urgentdisk full\""},
      {"first(json_path(payload, '$.nope.x'), 'none')", "\"none\""},
      {"json_path(payload, '$.nope')", "!there is no field \"nope\""},
      {"json_path(payload, '$.tags[?(@.a)]')", "!json_path(): filters are not part of this; write it in CEL, as "
                                               "list.filter(x, condition), met '?' at character "
                                               "8 of the path"},
      {"json_path(payload, payload.title)", "!json_path(): a path begins with '$', met 'd' at character 1 of the path"},
      {"json_pointer(payload, '/tags/0')", "\"env:prod\""},
      {"json_pointer(payload, '/tags/7')", "!there is nothing at \"/tags/7\""},
      {"json_pointer(payload, 'tags')",
       "!json_pointer(): a pointer is empty or begins with '/', as in \"/alerts/0/labels\""},
      {"to_json(payload.tags)", "\"[\\\"env:prod\\\",\\\"urgent\\\"]\""},
      {"text(payload.none) + text(payload.count) + text(payload.title) + text([1])", "\"7disk full[1]\""},
      {"'AbC'.lower() + 'AbC'.upper()", "\"abcABC\""},
      {"regex.replace('a1b22', '([0-9]+)', '<\\\\1>')", "\"a<1>b<22>\""},
      {"regex.extract('id=42;', 'id=([0-9]+)').orValue('')", "\"42\""},
      {"regex.extractAll('a1b22', '[0-9]+')", "[\"1\",\"22\"]"},
      {"['b', 'a', 'c'].sortBy(x, x)", "[\"a\",\"b\",\"c\"]"},
      {"[3, 1, 2].sort()", "[1,2,3]"},
      {"[[1, 2], [3]].flatten()", "[1,2,3]"},
      {"[1, 1.0, 2].distinct()", "[1,2]"},
      {"sets.contains([1, 2], [2])", "true"},
      {"sets.equivalent([1, 2], [2, 1, 1])", "true"},
      {"sets.intersects([1], [2])", "false"},
      {"cidr('10.0.0.0/8').containsIP('10.1.2.3')", "true"},
      {"[ip('10.0.0.1')]", "[\"10.0.0.1\"]"},
      {"{'a': 1}.transformMapEntry(k, v, {'x' + k: v})", "{\"xa\":1}"},
  };
  check_rows(*state, ROWS, COUNT(ROWS));
}

static void limits_hold(void **state) {
  Fixture *f = *state;
  const CelProgram *program = NULL;
  Error err = {0};
  char *deep = arena_alloc(f->arena, 400), *sum = arena_alloc(f->arena, 20000);
  memset(deep, '(', 200);
  assert_false(cel_compile(f->arena, f->env, (Str){deep, 200}, NULL, &program, &err));
  assert_non_null(strstr(err.message, "128 levels"));
  for (size_t i = 0; i < 400; i++) memcpy(sum + i * 2, "1+", 2);
  assert_false(cel_compile(f->arena, f->env, (Str){sum, 799}, NULL, &program, &err));
  assert_non_null(strstr(err.message, "128 levels"));
  memset(sum, ' ', 20000);
  assert_false(cel_compile(f->arena, f->env, (Str){sum, 16385}, NULL, &program, &err));
  assert_non_null(strstr(err.message, "16385 bytes"));
  for (size_t i = 0; i < 1000; i++) memcpy(sum + i * 8, "true && ", 8);
  memcpy(sum + 8000, "true", 4);
  assert_true(cel_compile(f->arena, f->env, (Str){sum, 8004}, NULL, &program, &err)); /* conditions may be long */
}

/* What is built cannot outgrow the budget, however the expression multiplies. */
static void memory_is_bounded_by_the_budget(void **state) {
  static const char *const ROWS[] = {
      "cel.bind(a, payload.title + payload.title, cel.bind(b, a + a + a + a, cel.bind(c, b + b + b + b, cel.bind(d, c "
      "+ c + c + c, "
      "cel.bind(e, d + d + d + d, cel.bind(f, e + e + e + e, f + f + f + f)))))).replace('', '0123456789') != ''",
      "lists.range(400).map(x, lists.range(400))",
      "lists.range(20000).map(x, "
      "'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa' + "
      "'b')",
      "'%.2f'.format([1]) == '' || lists.range(3000).map(x, payload).map(y, to_json(y)).join() == ''",
  };
  Fixture *f = *state;
  for (size_t i = 0; i < COUNT(ROWS); i++) {
    Arena *arena = arena_new();
    const CelProgram *program = NULL;
    Error err = {0};
    Value out;
    CelRun run = {.vars = f->vars, .bound = BOUND};
    if (!cel_compile(f->arena, f->env, str_from_c(ROWS[i]), NULL, &program, &err)) fail_msg("%s", err.message);
    (void)!cel_eval(program, arena, &run, &out, &err);
    if (err.code != ERR_COST || arena_bytes(arena) > MIB(8))
      fail_msg("%s: %s, %zu bytes", ROWS[i], error_code_name(err.code), arena_bytes(arena));
    arena_free(arena);
  }
}

static void a_regular_expression_cannot_take_for_ever(void **state) {
  static const Row ROWS[] = {
      {"'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!'.matches('(a+)+$')",
       "!the regular expression takes too many steps on this text; make it simpler"},
      {"lists.range(9000).exists(x, 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!'.matches('(a+)+$')) || true",
       "!the regular expression takes too many steps on this text; make it simpler"},
      {"'a.b'.matches(r'^[[:alpha:]]\\.(?P<x>b|c)$') && 'AB'.matches('(?i)^ab$')", "true"},
      {"'x'.matches(payload.title + '(')", "!regular expression: missing closing parenthesis at character 11"},
  };
  check_rows(*state, ROWS, COUNT(ROWS));
}

static void macros_can_be_switched_off(void **state) {
  Fixture *f = *state;
  CelEnvOptions options = {.vars = VARS, .var_count = COUNT(VARS), .no_macros = true};
  CelEnv *env = cel_env_new(f->arena, &options);
  const CelProgram *program = NULL;
  Error err = {0};
  assert_false(cel_compile(f->arena, env, S("has(payload.title)"), NULL, &program, &err));
  assert_non_null(strstr(err.message, "unknown function \"has\""));
  cel_env_declare(env, "has", "(dyn) -> bool");
  assert_true(cel_compile(f->arena, env, S("has(payload.title)"), NULL, &program, &err));
}

static void every_function_is_documented(void **state) {
  Fixture *f = *state;
  for (size_t i = 0; i < map_count(f->env->functions); i++)
    for (const CelFn *fn = map_at(f->env->functions, i)->value; fn; fn = fn->next) {
      if (!fn->doc || !fn->doc[0] || !fn->read) fail_msg("%s has no documentation", fn->name);
      for (const Overload *o = fn->read; o; o = o->next) assert_non_null(o->result);
    }
}

static void numbers_of_all_kinds_are_equal_by_value(void **state) {
  (void)state;
  Value one = value_int(1), real = value_double(1), natural = value_uint(1), nan = value_double(__builtin_nan(""));
  assert_true(cel_equal(&one, &real));
  assert_true(cel_equal(&one, &natural));
  assert_false(cel_equal(&nan, &nan));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(mistakes_are_found_at_compilation, set_up, tear_down),
      cmocka_unit_test_setup_teardown(an_error_shows_its_place, set_up, tear_down),
      cmocka_unit_test_setup_teardown(what_is_absent_is_missing, set_up, tear_down),
      cmocka_unit_test_setup_teardown(fields_are_read_with_care, set_up, tear_down),
      cmocka_unit_test_setup_teardown(explain_names_what_decided, set_up, tear_down),
      cmocka_unit_test_setup_teardown(first_takes_what_is_there, set_up, tear_down),
      cmocka_unit_test_setup_teardown(times_of_all_vendors_are_read, set_up, tear_down),
      cmocka_unit_test_setup_teardown(slow_functions_cost_more_steps, set_up, tear_down),
      cmocka_unit_test_setup_teardown(texts_without_offset_are_in_the_zone_of_the_run, set_up, tear_down),
      cmocka_unit_test_setup_teardown(own_functions_do_what_they_say, set_up, tear_down),
      cmocka_unit_test_setup_teardown(limits_hold, set_up, tear_down),
      cmocka_unit_test_setup_teardown(memory_is_bounded_by_the_budget, set_up, tear_down),
      cmocka_unit_test_setup_teardown(a_regular_expression_cannot_take_for_ever, set_up, tear_down),
      cmocka_unit_test_setup_teardown(macros_can_be_switched_off, set_up, tear_down),
      cmocka_unit_test_setup_teardown(every_function_is_documented, set_up, tear_down),
      cmocka_unit_test_setup_teardown(numbers_of_all_kinds_are_equal_by_value, set_up, tear_down),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
