/* Verb: what every client verb does before and after its own work: options, help, the server, the exit code. A verb is
 * a row of a table and one function.
 *
 *   static int run_ack(Verb *verb) { ... client_call(verb->client, "POST", path, NULL, &answer) ... }
 *   static const VerbSpec ACK = {"ack", "alert ack ALERT...", "takes alerts", run_ack, 1, VERB_WORDS_MAX};
 *
 * Every verb also has --data, --url, --output (-o), --quiet, --help. */
#ifndef TOCSIN_CLI_VERB_H
#define TOCSIN_CLI_VERB_H

#include "base/options.h"
#include "cli/client.h"
#include "cli/print.h"

enum { VERB_WORDS_MAX = 1000, VERB_PAIRS_MAX = 100 };

typedef struct Pair {
  Str name, value;
} Pair;

typedef struct VerbSpec VerbSpec;

typedef struct Verb {
  const VerbSpec *spec;
  Arena *arena;
  Options *options;
  Client *client;
  OutputForm output;
  Screen screen;
  bool quiet;
  Pair pairs[VERB_PAIRS_MAX]; /* of the option that may come more than once (`pairs_option`) */
  size_t pair_count;
} Verb;

struct VerbSpec {
  const char *name;  /* NULL ends a table */
  const char *usage; /* after "tocsin " */
  const char *doc;
  int (*run)(Verb *verb);
  size_t words_min, words_max;
  const Option *options; /* its own */
  size_t option_count;
  const char *pairs_option; /* "filter": --filter NAME=VALUE, as often as wanted; NULL: none */
  bool keyless;
  const char *api;  /* what the API calls it ("acknowledge"), for tables of verbs that differ in nothing else */
  const char *done; /* what has been done then ("acknowledged") */
};

int verb_main(const VerbSpec *spec, int argc, char **argv);
/* "tocsin alert ack ...": the first word chooses among the specs of `group`. */
int verb_group(const char *group, const VerbSpec *specs, int argc, char **argv);

static inline const char *verb_word(const Verb *verb, size_t i) {
  return options_positional(verb->options, i);
}
/* The option's text as a member of a body, when it was given. */
void verb_put(const Verb *verb, MapBuilder *body, const char *option, const char *member);
/* A wrong call: prints the sentence, gives EXIT_USAGE. */
MUST_CHECK int verb_usage(const char *format, ...) PRINTF_LIKE(1, 2);
/* A line for people; nothing with --quiet. */
void verb_say(const Verb *verb, const char *format, ...) PRINTF_LIKE(2, 3);
/* The answer as --output wants it: true when that was JSON or YAML and nothing is left to say. */
bool verb_printed(const Verb *verb, const Value *answer);
/* A file, or standard input for "-": as it stands, or parsed as JSON or YAML. */
MUST_CHECK bool verb_read_file(const Verb *verb, const char *path, Str *out, Error *err);
MUST_CHECK bool verb_read_value(const Verb *verb, const char *path, Value *out, Error *err);
/* "90s", "5m", "2h", "3d" in seconds. */
MUST_CHECK bool verb_seconds(Str text, i64 *out);

#endif
