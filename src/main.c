/* tocsin: one table of commands. */
#include <stdio.h>
#include <string.h>

#include <sodium.h>

#include "cli/cli.h"

static const CliCommand OWN_COMMANDS[] = {
    {"serve", command_serve, "runs the server"},
    {"init", command_init, "makes the first organization and its owner"},
    {"demo", command_demo, "serves a sample organization, with alerts coming in"},
    {NULL, NULL, NULL},
};

static const CliCommand *const TABLES[] = {OWN_COMMANDS, CLI_COMMANDS};

static const CliCommand *find(const char *name) {
  for (size_t t = 0; t < sizeof TABLES / sizeof TABLES[0]; t++)
    for (const CliCommand *command = TABLES[t]; command->name; command++)
      if (strcmp(command->name, name) == 0) return command;
  return NULL;
}

static void usage(FILE *out) {
  fprintf(out, "tocsin COMMAND [--help]\n\n");
  for (size_t t = 0; t < sizeof TABLES / sizeof TABLES[0]; t++)
    for (const CliCommand *command = TABLES[t]; command->name; command++)
      fprintf(out, "  %-14s %s\n", command->name, command->doc);
}

int main(int argc, char **argv) {
  if (sodium_init() < 0) {
    fprintf(stderr, "tocsin: the cryptographic library cannot start\n");
    return EXIT_FAILED;
  }
  if (argc < 2 || strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0) {
    usage(argc < 2 ? stderr : stdout);
    return argc < 2 ? EXIT_USAGE : EXIT_DONE;
  }
  const CliCommand *command = find(argv[1]);
  if (!command) {
    fprintf(stderr, "tocsin: there is no command \"%s\"; tocsin --help lists them\n", argv[1]);
    return EXIT_USAGE;
  }
  return command->run(argc - 2, argv + 2);
}
