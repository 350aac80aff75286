/* The VFS that forgets: held to a model of a disk, then to what SQLite promises after a power cut. */
#include <signal.h>
#include <sqlite3.h>
#include <sys/wait.h>

#include "db/sqlite_vfs.h"
#include "db/sqlite_vfs_gather.h"
#include "unit/db_fixture.h"

/* The model
 * ------------------------------------------------------------------------------------------------------------ */

enum { MODEL_BYTES = 40000 };

typedef struct Image {
  u8 bytes[MODEL_BYTES];
  int size;
} Image;

typedef struct Model {
  sqlite3_vfs *vfs;
  sqlite3_file *file;
  const char *path;
  Image seen, synced;
  u64 seed;
  int flags; /* how it is opened */
} Model;

static int roll(Model *m, int below) { /* xorshift: the same each time */
  m->seed ^= m->seed << 13;
  m->seed ^= m->seed >> 7;
  m->seed ^= m->seed << 17;
  return (int)(m->seed % (u64)below);
}

static void model_open(Model *m) {
  m->file = xcalloc(1, (size_t)m->vfs->szOsFile);
  int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | m->flags;
  assert_int_equal(m->vfs->xOpen(m->vfs, m->path, m->file, flags, &flags), SQLITE_OK);
}

static void model_close(Model *m) {
  assert_int_equal(m->file->pMethods->xClose(m->file), SQLITE_OK);
  free(m->file);
}

static void model_write(Model *m) {
  int at = roll(m, MODEL_BYTES - 9000), bytes = 1 + roll(m, 9000), fill = roll(m, 256);
  u8 data[9001];
  memset(data, fill, (size_t)bytes);
  assert_int_equal(m->file->pMethods->xWrite(m->file, data, bytes, at), SQLITE_OK);
  memset(m->seen.bytes + at, fill, (size_t)bytes);
  m->seen.size = MAX(m->seen.size, at + bytes);
}

static void model_truncate(Model *m) {
  int size = roll(m, m->seen.size + 1);
  assert_int_equal(m->file->pMethods->xTruncate(m->file, size), SQLITE_OK);
  memset(m->seen.bytes + size, 0, (size_t)(MODEL_BYTES - size));
  m->seen.size = size;
}

static void model_sync(Model *m) {
  assert_int_equal(m->file->pMethods->xSync(m->file, SQLITE_SYNC_NORMAL), SQLITE_OK);
  m->synced = m->seen;
}

static void model_crash(Model *m) {
  u8 byte = 0;
  db_vfs_forget_crash();
  assert_int_equal(m->file->pMethods->xRead(m->file, &byte, 1, 0) & 0xff, SQLITE_IOERR);
  assert_int_equal(m->file->pMethods->xWrite(m->file, &byte, 1, 0) & 0xff, SQLITE_IOERR);
  assert_int_equal(m->file->pMethods->xSync(m->file, SQLITE_SYNC_NORMAL) & 0xff, SQLITE_IOERR);
  model_close(m);
  model_open(m);
  m->seen = m->synced;
}

static void model_compare(Model *m) {
  u8 got[9001];
  sqlite3_int64 size = -1;
  assert_int_equal(m->file->pMethods->xFileSize(m->file, &size), SQLITE_OK);
  assert_int_equal(size, m->seen.size);
  int exists = -1;
  assert_int_equal(m->vfs->xAccess(m->vfs, m->path, SQLITE_ACCESS_EXISTS, &exists), SQLITE_OK);
  assert_int_equal(exists, m->seen.size > 0);
  int at = roll(m, MODEL_BYTES - 9000), bytes = 1 + roll(m, 9000);
  int result = m->file->pMethods->xRead(m->file, got, bytes, at);
  assert_int_equal(result, at + bytes > m->seen.size ? SQLITE_IOERR_SHORT_READ : SQLITE_OK);
  assert_memory_equal(got, m->seen.bytes + at, (size_t)bytes);
}

static void compare_disk(Model *m) {
  FILE *disk = fopen(m->path, "r");
  u8 *bytes = xcalloc(1, MODEL_BYTES);
  size_t got = fread(bytes, 1, MODEL_BYTES, disk);
  assert_int_equal(got, m->synced.size);
  assert_memory_equal(bytes, m->synced.bytes, MODEL_BYTES);
  free(bytes);
  fclose(disk);
}

static void file_is_as_written_and_the_disk_as_synced(void **state) {
  Fixture *f = *state;
  db_vfs_forget_register();
  Model *m = xcalloc(1, sizeof *m);
  *m = (Model){
      .vfs = sqlite3_vfs_find("forget"), .path = f->path, .seed = 88172645463325252ull, .flags = SQLITE_OPEN_MAIN_DB};
  model_open(m);
  for (int i = 0; i < 4000; i++) {
    int what = roll(m, 100);
    if (what < 60)
      model_write(m);
    else if (what < 70)
      model_truncate(m);
    else if (what < 76)
      model_sync(m);
    else if (what < 79)
      model_crash(m);
    else if (what < 82)
      model_close(m), model_open(m); /* what was not synced outlives its handle */
    else
      compare_disk(m);
    model_compare(m);
  }
  model_close(m);
  free(m);
  db_vfs_forget_crash();
}

/* Appending, as a log is written: runs of frames that go on where the last ended. */
static void model_append(Model *m) {
  for (int i = roll(m, 40); i >= 0 && m->seen.size + 700 < MODEL_BYTES - 9000; i--) {
    u8 data[700];
    int bytes = 1 + roll(m, 700), fill = roll(m, 256);
    memset(data, fill, (size_t)bytes);
    assert_int_equal(m->file->pMethods->xWrite(m->file, data, bytes, m->seen.size), SQLITE_OK);
    memset(m->seen.bytes + m->seen.size, fill, (size_t)bytes);
    m->seen.size += bytes;
  }
}

static void a_gathered_log_answers_as_a_file(void **state) {
  Fixture *f = *state;
  Model *m = xcalloc(1, sizeof *m);
  *m = (Model){.vfs = sqlite3_vfs_find(db_vfs_gather(false)),
               .path = f->path,
               .seed = 88172645463325252ull,
               .flags = SQLITE_OPEN_WAL};
  model_open(m);
  for (int i = 0; i < 4000; i++) {
    int what = roll(m, 100);
    if (what < 50)
      model_append(m);
    else if (what < 60)
      model_write(m);
    else if (what < 70)
      model_truncate(m);
    else if (what < 80)
      model_close(m), model_open(m);
    else
      model_sync(m), compare_disk(m);
    if (roll(m, 2)) model_compare(m);
  }
  model_close(m);
  free(m);
}

/* A transaction larger than the cache spills pages into the log and reads them back before it commits. */
static void a_transaction_larger_than_the_cache_is_whole(void **state) {
  Fixture *f = *state;
  Db *db = fixture_writer(f);
  must_do(db, "PRAGMA cache_size=10");
  for (int round = 0; round < 2; round++) {
    must_begin(db);
    for (int i = 0; i < 3000; i++) {
      Str sql = str_format(f->arena, "INSERT INTO item (id, name, note) VALUES (%d, 'n%d', '%0400d')", i, i * 7919, i);
      must_do(db, str_to_c(f->arena, sql));
      if (i % 100 == 0) assert_int_equal(must_int(db, "SELECT COUNT(*) FROM item WHERE note LIKE '%0'"), i / 10 + 1);
    }
    if (round == 0)
      db_rollback(db);
    else
      must_commit(db);
  }
  Db *reader = must_open(f->url, DB_READER);
  assert_int_equal(must_int(reader, "SELECT COUNT(*) FROM item"), 3000);
  assert_int_equal(must_int(reader, "SELECT COUNT(*) FROM pragma_integrity_check WHERE integrity_check = 'ok'"), 1);
  db_close(reader);
}

/* SQLite over it
 * ------------------------------------------------------------------------------------------------------- */

static const char *forgetful(Fixture *f) {
  return str_to_c(f->arena, str_format(f->arena, "%s?vfs=forget", f->url));
}

static void add_items(Db *db, int from, int to) {
  static const DbStmt ADD = {"add", "INSERT INTO item (id, name) VALUES ($1, $1)", NULL};
  Error err = {0};
  for (int i = from; i < to; i++) assert_true(db_run(db, &ADD, &err, db_int(i)));
}

/* A table that is on the disk for sure, then ten items in two commits with this setting. */
static Db *commit_items(const char *url, const char *synchronous) {
  Db *db = must_open(url, DB_WRITER);
  must_do(db, "CREATE TABLE IF NOT EXISTS item (id BIGINT PRIMARY KEY, name TEXT)");
  must_do(db, synchronous);
  for (int i = 0; i < 2; i++) {
    must_begin(db);
    add_items(db, i * 5, i * 5 + 5);
    must_commit(db);
  }
  return db;
}

static const struct {
  const char *synchronous;
  i64 left;
} SETTINGS[] = {{"PRAGMA synchronous=FULL", 10}, {"PRAGMA synchronous=OFF", 0}};

static void power_cut_spares_only_what_was_synced(void **state) {
  Fixture *f = *state;
  for (size_t i = 0; i < COUNT(SETTINGS); i++) {
    Db *db = commit_items(forgetful(f), SETTINGS[i].synchronous);
    assert_int_equal(must_int(db, "SELECT count(*) FROM item"), 10);
    db_vfs_forget_crash();
    db_close(db);
    db = must_open(forgetful(f), DB_WRITER);
    assert_int_equal(must_int(db, "SELECT count(*) FROM item"), SETTINGS[i].left);
    must_do(db, "DELETE FROM item");
    db_close(db);
  }
}

static void killed_process_leaves_only_what_was_synced(void **state) {
  Fixture *f = *state;
  for (size_t i = 0; i < COUNT(SETTINGS); i++) {
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
      commit_items(forgetful(f), SETTINGS[i].synchronous);
      raise(SIGKILL);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    Db *db = must_open(f->url, DB_WRITER);
    assert_int_equal(must_int(db, "SELECT count(*) FROM item"), SETTINGS[i].left);
    must_do(db, "DELETE FROM item");
    db_close(db);
  }
}

static void readers_see_what_was_not_synced(void **state) {
  Fixture *f = *state;
  char got[4] = {0};
  db_vfs_forget_register();
  Model writer = {.vfs = sqlite3_vfs_find("forget"), .path = f->path, .flags = SQLITE_OPEN_MAIN_DB}, reader = writer;
  model_open(&writer);
  model_open(&reader);
  assert_int_equal(writer.file->pMethods->xWrite(writer.file, "bell", 4, 0), SQLITE_OK);
  assert_int_equal(reader.file->pMethods->xRead(reader.file, got, 4, 0), SQLITE_OK);
  assert_memory_equal(got, "bell", 4);
  model_close(&writer);
  model_close(&reader);
  db_vfs_forget_crash();
}

static void connections_from_before_the_cut_are_dead(void **state) {
  Fixture *f = *state;
  Db *db = commit_items(forgetful(f), "PRAGMA synchronous=FULL");
  Error err = {0};
  db_vfs_forget_crash();
  assert_false(db_begin(db, &err) && db_exec_text(db, S("DELETE FROM item"), 0, NULL, NULL, &err) &&
               db_commit(db, &err));
  assert_int_equal(err.code, ERR_STORAGE);
  db_rollback(db);
  db_close(db);
}

/* Life after life: commits, checkpoints, and a transaction that the cut interrupts. */
static void every_life_begins_where_the_last_commit_was(void **state) {
  Fixture *f = *state;
  const char *url = forgetful(f);
  Db *db = must_open(url, DB_WRITER);
  must_do(db, "CREATE TABLE item (id BIGINT PRIMARY KEY, name TEXT)");
  int count = 0;
  for (int life = 0; life < 25; life++) {
    for (int i = 0; i < life % 4; i++, count += 40) {
      must_begin(db);
      add_items(db, count, count + 40);
      must_commit(db);
    }
    if (life % 3 == 0) must_int(db, "PRAGMA wal_checkpoint(RESTART)");
    if (life % 5 == 0) must_int(db, "PRAGMA wal_checkpoint(TRUNCATE)");
    must_begin(db);
    add_items(db, 100000, 100400);
    db_vfs_forget_crash();
    db_rollback(db);
    db_close(db);
    db = must_open(url, DB_WRITER);
    assert_int_equal(must_int(db, "SELECT count(*) FROM item"), count);
    assert_int_equal(must_int(db, "SELECT count(*) FROM pragma_integrity_check WHERE integrity_check = 'ok'"), 1);
  }
  db_close(db);
}

/* The sync of a commit, or of a checkpoint. What was committed before is there after the power cut that follows. */
static void failed_sync_is_recognised_and_final(void **state) {
  Fixture *f = *state;
  for (int in_checkpoint = 0; in_checkpoint < 2; in_checkpoint++) {
    Error err = {0};
    Db *db = commit_items(forgetful(f), "PRAGMA synchronous=FULL");
    must_do(db, "CREATE TABLE big AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 4200) "
                "SELECT zeroblob(4000) AS data FROM n");
    db_vfs_forget_fail_sync();
    if (in_checkpoint) {
      db_checkpoint(db, true);
    } else {
      must_begin(db);
      add_items(db, 10, 20);
      assert_false(db_commit(db, &err));
      assert_int_equal(err.code, ERR_STORAGE);
      assert_int_equal(err.system, SQLITE_IOERR_FSYNC);
      db_rollback(db);
      error_clear(&err);
    }
    assert_false(db_begin(db, &err));
    assert_int_equal(err.system, SQLITE_IOERR_FSYNC);
    db_vfs_forget_crash();
    db_close(db);
    db = must_open(forgetful(f), DB_WRITER);
    assert_int_equal(must_int(db, "SELECT count(*) FROM item"), 10);
    assert_int_equal(must_int(db, "SELECT count(*) FROM big"), 4200);
    assert_int_equal(must_int(db, "SELECT count(*) FROM pragma_integrity_check WHERE integrity_check = 'ok'"), 1);
    must_do(db, "DROP TABLE big");
    must_do(db, "DELETE FROM item");
    db_close(db);
  }
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)

int main(void) {
  const struct CMUnitTest tests[] = {
      CASE(a_gathered_log_answers_as_a_file),
      CASE(a_transaction_larger_than_the_cache_is_whole),
      CASE(file_is_as_written_and_the_disk_as_synced),
      CASE(power_cut_spares_only_what_was_synced),
      CASE(killed_process_leaves_only_what_was_synced),
      CASE(readers_see_what_was_not_synced),
      CASE(connections_from_before_the_cut_are_dead),
      CASE(failed_sync_is_recognised_and_final),
      CASE(every_life_begins_where_the_last_commit_was),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
