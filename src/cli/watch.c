/* watch: prints what changes, as it changes. The stream names objects; what became of them is asked for, and said in a
 * line. A connection that is lost is made again where it ended, until somebody interrupts. */
#include <unistd.h>

#include "cli/kinds.h"
#include "cli/verb.h"
#include "cli/verbs.h"
#include "lang/json.h"

enum { PAUSE_S_MAX = 30, ID_BYTES = 64 };

typedef struct Watch {
  Verb *verb;
  Client *asking; /* a connection of its own: the stream's is busy */
  Arena *arena;   /* of `asking` and of one event; rewound after each */
  char last_id[ID_BYTES];
  bool any; /* something came since the last connect */
} Watch;

static bool wanted(const Watch *w, Str kind) {
  const char *only = verb_word(w->verb, 0);
  const Resource *a = NULL, *b = NULL;
  Error ignored = {0};
  if (!only) return true;
  return kind_find(str_from_c(only), &a, &ignored) && kind_find(kind, &b, &ignored) && a == b;
}

static void say_change(Watch *w, Str kind, const Value *row) {
  char at[PRINT_TIME_BYTES];
  print_time(at);
  Str status = value_text_or(value_get_c(row, "status"), value_text_or(value_get_c(row, "outcome"), S("changed")));
  Str title = value_text_or(value_get_c(row, "title"), value_text_or(value_get_c(row, "name"), STR_NONE));
  Str person = value_text_or(value_get_c(row, "user_name"), STR_NONE);
  Str label = kind_label(row);
  if (str_equal(label, title)) label = value_text_or(value_get_c(row, "id"), label); /* pages have no number */
  Str line = str_format(w->arena, "%s  %-12.*s  %-13.*s  %.*s  %.*s", at, STR_ARG(kind), STR_ARG(status),
                        STR_ARG(label), STR_ARG(person.len ? person : title));
  line = print_clean(w->arena, line);
  printf("%.*s\n", STR_ARG(line));
}

static void tell(Watch *w, Str data) {
  Value change = value_null(), row = value_null();
  const Resource *kind = NULL;
  Error ignored = {0};
  if (!json_parse(w->arena, data, NULL, &change, &ignored)) return;
  Str name = value_text_or(value_get_c(&change, "kind"), STR_NONE),
      id = value_text_or(value_get_c(&change, "id"), STR_NONE);
  if (!wanted(w, name)) return;
  if (w->verb->output != OUTPUT_TABLE) {
    printf("%.*s\n", STR_ARG(data));
  } else if (kind_find(name, &kind, &ignored) &&
             client_try(w->asking, str_format(w->arena, "/api/v1/%s/%.*s", kind->plural, STR_ARG(id)), &row)) {
    say_change(w, name, &row);
  }
  fflush(stdout);
}

static bool on_event(void *ctx, Str id, Str name, Str data) {
  Watch *w = ctx;
  w->any = true;
  if (id.len) snprintf(w->last_id, sizeof w->last_id, "%.*s", STR_ARG(id));
  if (str_equal_c(name, "reset")) {
    fprintf(stderr, "tocsin: too much happened meanwhile; going on from now\n");
    return true;
  }
  ArenaMark mark = arena_mark(w->arena);
  tell(w, data);
  arena_rewind(w->arena, mark);
  return true;
}

static int follow(Watch *w) {
  Verb *verb = w->verb;
  unsigned pause_s = 1;
  for (;;) { /* until interrupted, or refused */
    ArenaMark mark = arena_mark(verb->arena);
    bool lost = false;
    w->any = false;
    int code = client_stream(verb->client, S("/api/v1/stream"), str_from_c(w->last_id), on_event, w, &lost);
    arena_rewind(verb->arena, mark);
    if (!lost) return code;
    pause_s = w->any ? 1 : MIN(pause_s * 2, (unsigned)PAUSE_S_MAX);
    if (!verb->quiet)
      fprintf(stderr, "tocsin: no connection to %s; trying again in %u s\n", client_url(verb->client), pause_s);
    sleep(pause_s);
  }
}

static int run_watch(Verb *verb) {
  CLEANUP(arena_freep) Arena *arena = arena_new();
  ClientOptions where = {options_get(verb->options, "data"), options_get(verb->options, "url"), false};
  Watch watch = {.verb = verb, .arena = arena};
  const Resource *kind = NULL;
  Error err = {0};
  if (verb_word(verb, 0) && !kind_find(str_from_c(verb_word(verb, 0)), &kind, &err))
    return verb_usage("%s", err.message);
  if (!client_open(arena, &where, &watch.asking, &err)) return verb_usage("%s", err.message);
  return follow(&watch);
}

const VerbSpec WATCH = {.name = "watch",
                        .usage = "watch [KIND]",
                        .doc = "Prints what changes until interrupted; with -o json the events themselves.",
                        .run = run_watch,
                        .words_max = 1};
