/* cli/: the commands that talk to a running server, and those that prepare one. */
#ifndef TOCSIN_CLI_CLI_H
#define TOCSIN_CLI_CLI_H

typedef struct CliCommand {
  const char *name;                  /* NULL ends the table */
  int (*run)(int argc, char **argv); /* without the command's own name; returns the exit code */
  const char *doc;
} CliCommand;

extern const CliCommand CLI_COMMANDS[];

/* serve.c, init.c, demo.c */
int command_serve(int argc, char **argv);
int command_init(int argc, char **argv);
int command_demo(int argc, char **argv);

enum { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2, EXIT_NOT_FOUND = 3, EXIT_REFUSED = 4 };

#endif
