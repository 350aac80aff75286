/* The languages beside other libraries, in one process: JSON (jansson, simdjson), a rule of four conditions (jq's
 * library, Lua 5.4), templates and zones (glibc). Best of several batches, in processor time; prints ratios. Built and
 * run by scripts/bench-lang. */
#include <jansson.h>
#include <jq.h>
#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lang/json.h"
#include "lang/mustache/mustache.h"

/* lang_bench_simdjson.cc */
void *simdjson_bench_new(const char *text, size_t size);
int simdjson_bench_parse(void *bench);

enum { BATCHES = 7 };
#define BATCH_S 0.03

static double now_s(void) {
  struct timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Seconds of one call, the best batch of several. */
static double measure(void (*call)(void *), void *ctx) {
  double best = 1e9;
  size_t times = 1;
  for (int batch = 0; batch < BATCHES;) {
    double begin = now_s();
    for (size_t i = 0; i < times; i++) call(ctx);
    double took = now_s() - begin;
    if (took < BATCH_S) {
      times *= 2;
      continue;
    }
    best = MIN(best, took / (double)times);
    batch++;
  }
  return best;
}

static void must(bool ok, const char *what) {
  if (ok) return;
  fprintf(stderr, "lang_bench: %s\n", what);
  exit(1);
}

/* JSON ------------------------------------------------------------------------------------------------------------ */

typedef struct JsonCase {
  Arena *arena;
  Str text;
  Value value;
  json_t *jansson;
  void *simdjson;
  Buf out;
} JsonCase;

static void parse_ours(void *ctx) {
  JsonCase *c = ctx;
  ArenaMark mark = arena_mark(c->arena);
  Value v;
  must(json_parse(c->arena, c->text, NULL, &v, NULL), "our parser refuses the payload");
  arena_rewind(c->arena, mark);
}
static void write_ours(void *ctx) {
  JsonCase *c = ctx;
  c->out.len = 0;
  json_write(&c->out, &c->value);
}
static void parse_jansson(void *ctx) {
  JsonCase *c = ctx;
  json_t *v = json_loadb(c->text.ptr, c->text.len, 0, NULL);
  must(v != NULL, "jansson refuses the payload");
  json_decref(v);
}
static void write_jansson(void *ctx) {
  free(json_dumps(((JsonCase *)ctx)->jansson, JSON_COMPACT));
}
static void parse_simdjson(void *ctx) {
  must(simdjson_bench_parse(((JsonCase *)ctx)->simdjson) != 0, "simdjson refuses the payload");
}

/* Alertmanager's body with as many alerts as make it this long. */
static Str payload(Arena *arena, size_t bytes) {
  Buf out = buf_new(arena, MIB(1));
  buf_puts(&out, "{\"receiver\":\"tocsin\",\"status\":\"firing\",\"version\":\"4\",\"groupKey\":\"{}:{alertname="
                 "\\\"HighLatency\\\"}\","
                 "\"truncatedAlerts\":0,\"externalURL\":\"http://alertmanager.example.org:9093\",\"alerts\":[");
  for (int i = 0; i == 0 || out.len < bytes - 100; i++)
    buf_format(
        &out,
        "%s{\"status\":\"firing\",\"labels\":{\"alertname\":\"HighLatency\",\"instance\":\"api-%d.example.org:9100\","
        "\"job\":\"api\",\"severity\":\"critical\",\"team\":\"shop\"},\"annotations\":{\"summary\":\"p99 latency of "
        "api-%d is "
        "%d.%d s\",\"description\":\"The 99th percentile of request times\\nhas been above 1 s for 10 minutes.\"},"
        "\"startsAt\":\"2026-01-05T09:%02d:00.%03dZ\",\"endsAt\":\"0001-01-01T00:00:00Z\",\"generatorURL\":"
        "\"http://prometheus.example.org:9090/"
        "graph?g0.expr=latency&g0.tab=1\",\"fingerprint\":\"%016x\",\"value\":%d.%d}",
        i ? "," : "", i, i, i % 9, i % 10, i % 60, i % 1000, i * 7919, i, i % 100);
  buf_puts(&out, "]}");
  return buf_str(&out);
}

static void bench_json(size_t bytes) {
  JsonCase c = {.arena = arena_new()};
  c.text = payload(c.arena, bytes);
  must(json_parse(c.arena, c.text, NULL, &c.value, NULL), "payload");
  c.out = buf_new(c.arena, MIB(2));
  c.jansson = json_loadb(c.text.ptr, c.text.len, 0, NULL);
  c.simdjson = simdjson_bench_new(c.text.ptr, c.text.len);
  double ours = measure(parse_ours, &c), jansson = measure(parse_jansson, &c), simd = measure(parse_simdjson, &c);
  double wrote = measure(write_ours, &c), jansson_wrote = measure(write_jansson, &c);
  double size = (double)c.text.len;
  printf("| parse %.1f KB | %.2f us, %.2f GB/s | jansson %.2f us | %.1f | simdjson %.2f us | %.2f |\n", size / 1000,
         ours * 1e6, size / ours / 1e9, jansson * 1e6, jansson / ours, simd * 1e6, simd / ours);
  printf("| write %.1f KB | %.2f us, %.2f GB/s | jansson %.2f us | %.1f | | |\n", size / 1000, wrote * 1e6,
         size / wrote / 1e9, jansson_wrote * 1e6, jansson_wrote / wrote);
  json_decref(c.jansson);
  arena_free(c.arena);
}

/* A rule ---------------------------------------------------------------------------------------------------------- */

static const char FACTS[] =
    "{\"alert\":{\"title\":\"disk full on db-1\",\"priority\":\"p1\",\"count\":7,\"status\":\"triggered\"},"
    "\"labels\":{\"env\":\"live\",\"host\":\"db-1\",\"team\":\"storage\"}}";
static const char RULE[] =
    "alert.priority == 'p1' && labels.env == 'live' && alert.title.startsWith('disk') && alert.count > 3";
static const char JQ_RULE[] =
    ".alert.priority == \"p1\" and .labels.env == \"live\" and (.alert.title | startswith(\"disk\")) and "
    ".alert.count > 3";
static const char LUA_RULE[] = "local f = ... return f.alert.priority == 'p1' and f.labels.env == 'live' and "
                               "string.sub(f.alert.title, 1, 4) == 'disk' and f.alert.count > 3";

typedef struct RuleCase {
  Arena *arena, *scratch;
  CelEnv *env;
  const CelProgram *program;
  Value vars[2];
  jq_state *jq;
  jv facts;
  lua_State *lua;
  int lua_rule, lua_facts;
} RuleCase;

static void compile_cel(void *ctx) {
  RuleCase *c = ctx;
  const CelProgram *program = NULL;
  ArenaMark mark = arena_mark(c->scratch);
  must(cel_compile(c->scratch, c->env, str_from_c(RULE), NULL, &program, NULL), "the rule does not compile");
  arena_rewind(c->scratch, mark);
}
static void run_cel(void *ctx) {
  RuleCase *c = ctx;
  CelRun run = {.vars = c->vars};
  Value out;
  must(cel_eval(c->program, c->scratch, &run, &out, NULL) && out.b, "the rule does not match");
}
static void compile_jq(void *ctx) {
  (void)ctx;
  jq_state *jq = jq_init();
  must(jq_compile(jq, JQ_RULE), "jq");
  jq_teardown(&jq);
}
static void run_jq(void *ctx) {
  RuleCase *c = ctx;
  jq_start(c->jq, jv_copy(c->facts), 0);
  jv out = jq_next(c->jq);
  must(jv_get_kind(out) == JV_KIND_TRUE, "jq does not match");
  jv_free(out);
}
static void compile_lua(void *ctx) {
  RuleCase *c = ctx;
  must(luaL_loadstring(c->lua, LUA_RULE) == LUA_OK, "Lua");
  lua_pop(c->lua, 1);
}
static void run_lua(void *ctx) {
  RuleCase *c = ctx;
  lua_rawgeti(c->lua, LUA_REGISTRYINDEX, c->lua_rule);
  lua_rawgeti(c->lua, LUA_REGISTRYINDEX, c->lua_facts);
  must(lua_pcall(c->lua, 1, 1, 0) == LUA_OK && lua_toboolean(c->lua, -1), "Lua does not match");
  lua_pop(c->lua, 1);
}

static void open_lua(RuleCase *c) {
  c->lua = luaL_newstate();
  luaL_openlibs(c->lua);
  must(luaL_dostring(c->lua,
                     "return {alert = {title = 'disk full on db-1', priority = 'p1', count = 7, status = 'triggered'}, "
                     "labels = {env = 'live', host = 'db-1', team = 'storage'}}") == LUA_OK,
       "Lua's facts");
  c->lua_facts = luaL_ref(c->lua, LUA_REGISTRYINDEX);
  must(luaL_loadstring(c->lua, LUA_RULE) == LUA_OK, "Lua's rule");
  c->lua_rule = luaL_ref(c->lua, LUA_REGISTRYINDEX);
}

static void bench_rule(void) {
  static const CelVar VARS[] = {{"alert", "dyn", ""}, {"labels", "dyn", ""}};
  RuleCase c = {.arena = arena_new(), .scratch = arena_new(), .jq = jq_init(), .facts = jv_parse(FACTS)};
  Value facts;
  must(json_parse(c.arena, str_from_c(FACTS), NULL, &facts, NULL), "facts");
  c.vars[0] = *value_get_c(&facts, "alert");
  c.vars[1] = *value_get_c(&facts, "labels");
  c.env = cel_env_new(c.arena, &(CelEnvOptions){.vars = VARS, .var_count = COUNT(VARS)});
  must(cel_compile(c.arena, c.env, str_from_c(RULE), NULL, &c.program, NULL), "the rule does not compile");
  must(jq_compile(c.jq, JQ_RULE), "jq does not compile");
  open_lua(&c);
  double ours = measure(run_cel, &c), jq = measure(run_jq, &c), lua = measure(run_lua, &c);
  printf("| a rule, evaluated | %.3f us | jq %.2f us | %.0f | Lua %.3f us | %.1f |\n", ours * 1e6, jq * 1e6, jq / ours,
         lua * 1e6, lua / ours);
  ours = measure(compile_cel, &c), jq = measure(compile_jq, &c), lua = measure(compile_lua, &c);
  printf("| a rule, compiled | %.2f us | jq %.0f us | %.0f | Lua %.2f us | %.1f |\n", ours * 1e6, jq * 1e6, jq / ours,
         lua * 1e6, lua / ours);
  jv_free(c.facts);
  jq_teardown(&c.jq);
  lua_close(c.lua);
  arena_free(c.scratch);
  arena_free(c.arena);
}

/* Templates and zones --------------------------------------------------------------------------------------------- */

typedef struct TemplateCase {
  Arena *arena;
  const Mustache *template;
  Value data;
  Buf out;
} TemplateCase;

static void run_template(void *ctx) {
  TemplateCase *c = ctx;
  ArenaMark mark = arena_mark(c->arena);
  CelRun cel = {0};
  c->out.len = 0;
  must(mustache_render(c->template, c->arena, &c->data, &cel, &c->out, NULL), "the template fails");
  arena_rewind(c->arena, mark);
}

/* The script measures chevron with the same files. */
static void bench_template(const char *template_text, const char *data_text, double chevron_us) {
  TemplateCase c = {.arena = arena_new()};
  MustacheOptions options = {.context = MUSTACHE_HTML};
  must(json_parse(c.arena, str_from_c(data_text), NULL, &c.data, NULL), "the template's data");
  must(mustache_compile(c.arena, str_from_c(template_text), &options, &c.template, NULL), "the template");
  c.out = buf_new(c.arena, MIB(1));
  run_template(&c); /* the buffer grows once */
  double ours = measure(run_template, &c);
  printf("| a template, rendered | %.2f us | chevron %.0f us | %.0f | | |\n", ours * 1e6, chevron_us,
         chevron_us / ours / 1e6);
  arena_free(c.arena);
}

typedef struct ZoneCase {
  const Zone *zone;
  i64 at;
  i64 sum;
} ZoneCase;

static void to_local(void *ctx) {
  ZoneCase *c = ctx;
  c->at += 86413;
  if (c->at > 2000000000) c->at = 0;
  c->sum += zone_to_local(c->zone, c->at).hour;
}
static void to_utc(void *ctx) {
  ZoneCase *c = ctx;
  c->at += 86413;
  if (c->at > 2000000000) c->at = 0;
  c->sum += zone_to_utc(c->zone, civil_from_seconds(c->at));
}
static void glibc_to_local(void *ctx) {
  ZoneCase *c = ctx;
  struct tm tm;
  time_t at = (time_t)(c->at += 86413);
  if (c->at > 2000000000) c->at = 0;
  localtime_r(&at, &tm);
  c->sum += tm.tm_hour;
}
static void glibc_to_utc(void *ctx) {
  ZoneCase *c = ctx;
  c->at += 86413;
  if (c->at > 2000000000) c->at = 0;
  Civil civil = civil_from_seconds(c->at);
  struct tm tm = {.tm_year = civil.year - 1900,
                  .tm_mon = civil.month - 1,
                  .tm_mday = civil.day,
                  .tm_hour = civil.hour,
                  .tm_min = civil.minute,
                  .tm_sec = civil.second,
                  .tm_isdst = -1};
  c->sum += mktime(&tm);
}

static void bench_zones(void) {
  ZoneDb *zones = zone_db_new(NULL);
  ZoneCase c = {0};
  must(zone_find(zones, S("Europe/Berlin"), &c.zone, NULL), "Europe/Berlin is not in the zone database");
  setenv("TZ", "Europe/Berlin", 1);
  tzset();
  double ours = measure(to_local, &c), glibc = measure(glibc_to_local, &c);
  printf("| an instant by the clocks | %.0f ns | glibc %.0f ns | %.1f | | |\n", ours * 1e9, glibc * 1e9, glibc / ours);
  ours = measure(to_utc, &c), glibc = measure(glibc_to_utc, &c);
  printf("| the clocks to an instant | %.0f ns | glibc %.0f ns | %.1f | | |\n", ours * 1e9, glibc * 1e9, glibc / ours);
  zone_db_free(zones);
}

/* What holds the cycle longest ------------------------------------------------------------------------------------ */

static void bench_hostile(void) {
  static const char *const SOURCES[] = {"p.l.map(x, p.l.map(y, x * y))",
                                        "p.l.all(x, p.s.replace('a', 'bb') != '')",
                                        "p.l.all(x, p == p)",
                                        "p.ss.distinct()",
                                        "p.l.all(x, to_json(p) != '')",
                                        "p.l.all(x, cidr('10.0.0.0/8').containsIP('10.1.2.3'))",
                                        "p.l.all(x, p.s == p.s)",
                                        "p.l.all(x, size(merge(p.m, {'a': 1})) > 0)",
                                        "p.l.all(x, p.s.charAt(59000) != '')",
                                        "p.s.matches('(a|aa)+$')",
                                        "p.ss.all(x, x.matches('([a-z]+)*[0-9]') || true)",
                                        "p.l.all(x, !'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'"
                                        ".matches('(a|aa|aaa){1,6}[bc]'))",
                                        "p.l.all(x, json_path(p, '$..*') != null)",
                                        "p.l.all(x, p.s.reverse() != '')",
                                        "lists.range(20000).transformMapEntry(i, v, {string(v): v})",
                                        "p.l.sort().sort().sort()",
                                        "p.l.all(x, time('2026-01-05 09:00:00 +0100') != null)"};
  static const CelVar VARS[] = {{"p", "dyn", ""}};
  Arena *arena = arena_new();
  Buf text = buf_new(arena, MIB(1));
  buf_puts(&text, "{\"s\":\"");
  for (int i = 0; i < 60000; i++) buf_putc(&text, "aaaaaaaaaaaa!"[i % 13]);
  buf_puts(&text, "\",\"l\":[0");
  for (int i = 1; i < 3000; i++) buf_format(&text, ",%d", i * 7919 % 3000);
  buf_puts(&text, "],\"ss\":[\"\"");
  for (int i = 1; i < 2000; i++) buf_format(&text, ",\"text number %d\"", i);
  buf_puts(&text, "],\"m\":{\"k\":0");
  for (int i = 1; i < 2000; i++) buf_format(&text, ",\"k%d\":%d", i, i);
  buf_puts(&text, "}}");
  Value p;
  must(json_parse(arena, buf_str(&text), NULL, &p, NULL), "the hostile payload");
  CelEnv *env = cel_env_new(arena, &(CelEnvOptions){.vars = VARS, .var_count = 1});
  double worst = 0;
  const char *which = "";
  for (size_t i = 0; i < COUNT(SOURCES); i++) {
    const CelProgram *program = NULL;
    must(cel_compile(arena, env, str_from_c(SOURCES[i]), NULL, &program, NULL), SOURCES[i]);
    double best = 1e9;
    for (int k = 0; k < 5; k++) {
      Arena *scratch = arena_new();
      CelRun run = {.vars = &p};
      Value out;
      double begin = now_s();
      (void)!cel_eval(program, scratch, &run, &out, NULL);
      best = MIN(best, now_s() - begin);
      arena_free(scratch);
    }
    if (best > worst) worst = best, which = SOURCES[i];
  }
  printf("\nThe slowest of %zu hostile expressions over 100 KB ends after %.2f ms: `%s`\n", COUNT(SOURCES), worst * 1e3,
         which);
  arena_free(arena);
}

int main(int argc, char **argv) {
  must(argc == 4, "lang_bench TEMPLATE DATA CHEVRON_US: run scripts/bench-lang");
  double chevron_us = 0;
  must(str_to_double(str_from_c(argv[3]), &chevron_us), "CHEVRON_US is a number");
  printf("| | Tocsin | beside it | ratio | and | ratio |\n|---|---|---|---|---|---|\n");
  bench_json(1500);
  bench_json(20000);
  bench_json(100000);
  bench_rule();
  bench_template(argv[1], argv[2], chevron_us);
  bench_zones();
  bench_hostile();
  return 0;
}
