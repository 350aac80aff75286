/* A private PostgreSQL for the group of tests (private_postgres.py), empty at the beginning of each. It ends with this
 * process, whatever becomes of it. */
#ifndef TOCSIN_TESTS_DB_PRIVATE_POSTGRES_H
#define TOCSIN_TESTS_DB_PRIVATE_POSTGRES_H

#include <sys/wait.h>

#include "unit/db_fixture.h"

static char postgres_url[256];
static pid_t postgres_pid;
static int postgres_input = -1;

static int postgres_start(void **state) {
  int in[2], out[2];
  (void)state;
  if (pipe(in) != 0 || pipe(out) != 0) return -1;
  postgres_pid = fork();
  if (postgres_pid == 0) {
    dup2(in[0], STDIN_FILENO);
    dup2(out[1], STDOUT_FILENO);
    close(in[0]), close(in[1]), close(out[0]), close(out[1]);
    unsetenv("LD_PRELOAD");
    execlp("python3", "python3", "tests/unit/private_postgres.py", NULL);
    _exit(127);
  }
  close(in[0]);
  close(out[1]);
  postgres_input = in[1];
  FILE *words = fdopen(out[0], "r");
  bool ok = words && fgets(postgres_url, sizeof postgres_url, words) != NULL;
  if (words) fclose(words);
  postgres_url[strcspn(postgres_url, "\n")] = 0;
  if (!ok) print_error("no private PostgreSQL was started\n");
  return ok ? 0 : -1;
}

static int postgres_stop(void **state) {
  (void)state;
  close(postgres_input);
  waitpid(postgres_pid, NULL, 0);
  return 0;
}

static int postgres_setup(void **state) {
  if (fixture_setup(state) != 0) return -1;
  Fixture *f = *state;
  Db *db = must_open(postgres_url, DB_WRITER);
  must_do(db, "DROP SCHEMA public CASCADE");
  must_do(db, "CREATE SCHEMA public");
  db_close(db);
  f->url = postgres_url;
  return 0;
}

#endif
