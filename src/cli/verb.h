/* Verb: what every client verb does before and after its own work: options, help, the server, the exit code. A verb is
 * a row of a table; most need no function, because a path and a table of the body's members say all:
 *
 *   {.name = "ack", .usage = "alert ack ALERT...", .doc = "You have it.", .words_min = 1, .words_max = VERB_WORDS_MAX,
 *    .path = "alerts/{}/acknowledge", .done = "acknowledged"}
 *
 * Every verb also has --data, --url, --output (-o), --quiet, --help. */
#ifndef TOCSIN_CLI_VERB_H
#define TOCSIN_CLI_VERB_H

#include "cli/cli.h"
#include "cli/client.h"
#include "cli/print.h"

enum { VERB_WORDS_MAX = 1000, VERB_REPEATED_MAX = 200 };

typedef enum PartForm {
  PART_TEXT,
  PART_NUMBER,
  PART_SECONDS, /* "2h" becomes 7200 */
  PART_TIME,    /* a time, or a length from now */
  PART_LIST,    /* the repeated option: a list of its texts */
  PART_PAIRS,   /* the repeated option: NAME=VALUE as a map */
  PART_YES,     /* a flag */
} PartForm;

/* One member of a body. */
typedef struct BodyPart {
  const char *source; /* an option; or "@1", the word at that place; or "@last", the last word. NULL ends the table */
  const char *member; /* what the API calls it */
  PartForm form;
  bool required;
  const char *other; /* the option that may be given in its place, when one of both is wanted */
} BodyPart;

typedef struct Verb {
  const VerbSpec *spec;
  Arena *arena;
  Options *options;
  Client *client;
  OutputForm output;
  Screen screen;
  bool quiet;
  Str repeated[VERB_REPEATED_MAX]; /* of the option that may come more than once */
  size_t repeated_count;
} Verb;

struct VerbSpec {
  const char *name;  /* NULL ends a table */
  const char *usage; /* after "tocsin " */
  const char *doc;
  int (*run)(Verb *verb); /* NULL: verb_call */
  size_t words_min, words_max;
  const Option *options; /* its own */
  size_t option_count;
  const char *repeated; /* the option that may come as often as wanted; NULL: none */
  bool keyless;
  bool local;           /* may do without a server; calls verb_connect when it needs one */
  const char *kind;     /* what its first words are ("alerts"), for completion and lists */
  const char *method;   /* NULL: POST */
  const char *path;     /* below /api/v1/; "{}" is each of the words in turn */
  const BodyPart *body; /* NULL: an empty one */
  bool many;            /* the API has it on many, too, at the path without "{}/"; options hold MANY_OPTION_ROWS */
  const char *done;     /* what has been done then ("acknowledged") */
};

/* Opens verb->client of a `local` verb. */
MUST_CHECK bool verb_connect(Verb *verb, Error *err);
int verb_main(const VerbSpec *spec, int argc, char **argv);
/* The call that the spec describes, for each word; goes on after a refusal, so that one wrong number does not keep the
 * rest waiting, and gives the first code that was not EXIT_DONE. */
int verb_call(Verb *verb);
void verb_usage_list(FILE *out, const VerbSpec *specs);
/* The options that every verb has. */
extern const Option VERB_COMMON[];
extern const size_t VERB_COMMON_COUNT;

static inline const char *verb_word(const Verb *verb, size_t i) {
  return options_positional(verb->options, i);
}
static inline size_t verb_word_count(const Verb *verb) {
  return options_positional_count(verb->options);
}
static inline Str verb_text_of(const Value *row, const char *name) {
  return value_text_or(value_get_c(row, name), STR_NONE);
}
/* The body that the spec's table describes. */
MUST_CHECK bool verb_body(const Verb *verb, Value *out, Error *err);
/* A wrong call: prints the sentence, gives EXIT_USAGE. */
MUST_CHECK int verb_usage(const char *format, ...) PRINTF_LIKE(1, 2);
/* A line for people; nothing with --quiet. */
void verb_say(const Verb *verb, const char *format, ...) PRINTF_LIKE(2, 3);
/* The answer as --output wants it: true when that was for programs and nothing is left to say. */
bool verb_printed(const Verb *verb, const Value *answer);
/* "ALERT-7 acknowledged: Disk full" */
void verb_say_done(const Verb *verb, const Value *row);

/* verb_input.c -------------------------------------------------------------------------------------------------- */

/* A file, or standard input for "-": as it stands, or parsed as JSON or YAML. */
MUST_CHECK bool verb_read_file(Arena *arena, const char *path, Str *out, Error *err);
MUST_CHECK bool verb_read_value(Arena *arena, const char *path, Value *out, Error *err);
/* "90s", "5m", "2h", "3d" in seconds. */
MUST_CHECK bool verb_seconds(Str text, i64 *out);
/* RFC 3339, "now", or a length of time: `direction` 1 from now, -1 ago. The API's form. */
MUST_CHECK bool verb_time(Arena *arena, Str text, int direction, Str *out, Error *err);
/* "NAME=VALUE" */
MUST_CHECK bool verb_pair(Str text, const char *option, Str *out_name, Str *out_value, Error *err);

#endif
