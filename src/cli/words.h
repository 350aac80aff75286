/* Words: what may come next on the command line, from the tables. For the shells' completion. */
#ifndef TOCSIN_CLI_WORDS_H
#define TOCSIN_CLI_WORDS_H

#include "cli/verb.h"

/* A command line that is being typed, cut into the command, its verb and what follows. */
typedef struct Typed {
  const CliCommand *command; /* NULL: the first word is being typed, or is unknown */
  const VerbSpec *spec;      /* NULL: a command without verbs, or the verb is being typed */
  const Option *options;     /* its own; those of every verb come besides */
  size_t option_count;
  char **rest; /* behind command and verb; the last is being typed */
  int rest_count;
} Typed;

Typed words_typed(int count, char **words);
const Option *words_option(const Typed *typed, Str name); /* without dashes; NULL: unknown */
/* The words that are no options and no values of them, the one being typed left out. */
size_t words_plain(const Typed *typed, const char **out, size_t max);
/* What the usage calls the word at that place: "KIND", "FILE", "ALERT"; empty: none. */
Str words_usage(const VerbSpec *spec, size_t place);

#endif
