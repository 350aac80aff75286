/* cli/: the commands that talk to a running server, and those that prepare one. One table (commands.c) says all there
 * are: running, help, completion, the man page and docs/cli.md read it. */
#ifndef TOCSIN_CLI_CLI_H
#define TOCSIN_CLI_CLI_H

#include "base/options.h"

typedef struct VerbSpec VerbSpec; /* cli/verb.h */

typedef struct CliCommand {
  const char *name;                  /* NULL ends the table */
  int (*run)(int argc, char **argv); /* without the command's own name; returns the exit code. NULL: the verbs */
  const char *doc;
  /* Of commands with `run`. */
  const char *usage; /* after "tocsin " */
  const Option *options;
  const size_t *option_count; /* NULL: none */
  /* Of client commands: what the bare command does, and what it does with a second word; either may be NULL. */
  const VerbSpec *verb, *verbs;
  bool hidden; /* for programs: in no list */
} CliCommand;

extern const CliCommand CLI_SERVER_COMMANDS[], CLI_COMMANDS[];
extern const CliCommand *const CLI_TABLES[]; /* both; ended by NULL */

/* Everything after the program's name. Returns the exit code. */
int cli_main(int argc, char **argv);
const CliCommand *cli_find(const char *name);
/* How this program was called ("build/tocsin"), for the commands that it tells people to type. */
const char *cli_program(void);

/* serve.c, init.c, demo.c */
int command_serve(int argc, char **argv);
int command_init(int argc, char **argv);
int command_demo(int argc, char **argv);
extern const Option INIT_OPTIONS[];
extern const size_t INIT_OPTION_COUNT;
/* completion.c, manual.c */
int command_completion(int argc, char **argv);
int command_complete(int argc, char **argv);
int command_manual(int argc, char **argv);
/* backup.c, doctor.c */
int command_backup(int argc, char **argv);
int command_doctor(int argc, char **argv);
int command_restore(int argc, char **argv);
int command_resume(int argc, char **argv);
extern const Option DOCTOR_OPTIONS[], BACKUP_OPTIONS[], RESTORE_OPTIONS[], RESUME_OPTIONS[];
extern const size_t DOCTOR_OPTION_COUNT, BACKUP_OPTION_COUNT, RESTORE_OPTION_COUNT, RESUME_OPTION_COUNT;
/* transfer.c */
int command_export_all(int argc, char **argv);
int command_import(int argc, char **argv);
extern const Option EXPORT_ALL_OPTIONS[], IMPORT_OPTIONS[];
extern const size_t EXPORT_ALL_OPTION_COUNT, IMPORT_OPTION_COUNT;

enum { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2, EXIT_NOT_FOUND = 3, EXIT_REFUSED = 4, EXIT_DIFFERS = 5 };

#endif
