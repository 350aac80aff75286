/* Packing and unpacking, a chunk at a time: a database of any size takes a few hundred KiB of memory. */
#include "core/operations/backup_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sodium.h>
#include <zstd.h>

#include "core/operations/transfer.h"
#include "lang/json.h"
#include "lang/time.h"

enum {
  CHUNK = 128 * 1024,
  LEVEL = 3,
  HEADER_BYTES_MAX = 64 * 1024,
  TRAILER_BYTES = 1 + 7 + 64 + 1, /* "\nsha256 " HEX "\n" */
  KEY_BYTES_MAX = 4096
};

/* What a data folder keeps beside the database and a new one needs. */
static const char *const KEY_FILES[] = {"secret.key", "admin.key"};

/* Packing ---------------------------------------------------------------------------------------------------------- */

typedef struct Packer {
  FILE *out;
  crypto_hash_sha256_state sha;
} Packer;

static bool put(Packer *packer, const void *bytes, size_t count, Error *err) {
  crypto_hash_sha256_update(&packer->sha, bytes, count);
  return fwrite(bytes, 1, count, packer->out) == count ||
         fail(err, ERR_STORAGE, "the backup cannot be written: %s", strerror(errno));
}

static bool read_key(Arena *arena, const char *folder, const char *name, Str *out) {
  char *text = arena_alloc(arena, KEY_BYTES_MAX);
  FILE *file = fopen(str_to_c(arena, str_format(arena, "%s/%s", folder, name)), "re");
  if (!file) return false;
  *out = (Str){text, fread(text, 1, KEY_BYTES_MAX, file)};
  fclose(file);
  return true;
}

Value backup_keys_value(Arena *arena, const char *folder) {
  MapBuilder keys = map_builder(arena);
  for (size_t i = 0; i < COUNT(KEY_FILES); i++) {
    Str key = STR_NONE;
    if (read_key(arena, folder, KEY_FILES[i], &key))
      map_put_c(&keys, KEY_FILES[i], value_string(base64_encode(arena, key)));
  }
  return map_done(&keys);
}

static Str header_line(Arena *arena, const char *form, i64 database_bytes, const char *keys_folder) {
  MapBuilder map = map_builder(arena);
  Buf out = buf_new(arena, HEADER_BYTES_MAX);
  map_put_c(&map, "tocsin_backup", value_int(1));
  map_put_c(&map, "program", value_c(tocsin_version()));
  map_put_c(&map, "made_at", value_string(time_text_ms(arena, clock_true_ms())));
  map_put_c(&map, "form", value_c(form));
  map_put_c(&map, "database_bytes", value_int(database_bytes));
  if (keys_folder) map_put_c(&map, "keys", backup_keys_value(arena, keys_folder));
  Value header = map_done(&map);
  json_write(&out, &header);
  buf_putc(&out, '\n');
  return buf_str(&out);
}

static bool compress(Packer *packer, FILE *in, i64 total, BackupProgress progress, Error *err) {
  CLEANUP(arena_freep) Arena *arena = arena_new();
  ZSTD_CCtx *zstd = ZSTD_createCCtx();
  char *from = arena_alloc(arena, CHUNK), *to = arena_alloc(arena, CHUNK);
  bool ok = zstd != NULL, last = false;
  i64 done = 0;
  ASSERT(zstd);
  ZSTD_CCtx_setParameter(zstd, ZSTD_c_compressionLevel, LEVEL);
  ZSTD_CCtx_setParameter(zstd, ZSTD_c_checksumFlag, 1);
  while (ok && !last) {
    ZSTD_inBuffer input = {from, fread(from, 1, CHUNK, in), 0};
    last = input.size < CHUNK;
    done += (i64)input.size;
    if (ferror(in)) ok = fail(err, ERR_STORAGE, "the database cannot be read: %s", strerror(errno));
    size_t left = 1;
    while (ok && (last ? left != 0 : input.pos < input.size)) {
      ZSTD_outBuffer output = {to, CHUNK, 0};
      left = ZSTD_compressStream2(zstd, &output, &input, last ? ZSTD_e_end : ZSTD_e_continue);
      ok = !ZSTD_isError(left) ? put(packer, to, output.pos, err)
                               : fail(err, ERR_INTERNAL, "compressing: %s", ZSTD_getErrorName(left));
    }
    if (progress.fn) progress.fn(progress.ctx, done, total);
  }
  ZSTD_freeCCtx(zstd);
  return ok;
}

bool backup_pack(const char *database, FILE *out, const char *keys_folder, BackupProgress progress, Error *err) {
  CLEANUP(arena_freep) Arena *arena = arena_new();
  Packer packer = {.out = out};
  u8 digest[crypto_hash_sha256_BYTES];
  struct stat st;
  FILE *in = fopen(database, "re");
  if (!in || fstat(fileno(in), &st) != 0) {
    if (in) fclose(in);
    return fail(err, ERR_STORAGE, "the copy of the database cannot be read: %s", strerror(errno));
  }
  crypto_hash_sha256_init(&packer.sha);
  Str header = header_line(arena, transfer_is_export(database) ? "rows" : "file", st.st_size, keys_folder);
  bool ok = put(&packer, header.ptr, header.len, err) && compress(&packer, in, st.st_size, progress, err);
  fclose(in);
  crypto_hash_sha256_final(&packer.sha, digest);
  if (ok &&
      (fprintf(out, "\nsha256 %.*s\n", STR_ARG(hex_encode(arena, digest, sizeof digest))) < 0 || fflush(out) != 0))
    ok = fail(err, ERR_STORAGE, "the backup cannot be written: %s", strerror(errno));
  return ok;
}

static bool sync_folder_of(Arena *arena, const char *path) {
  const char *slash = strrchr(path, '/');
  const char *folder = slash ? str_to_c(arena, (Str){path, MAX((size_t)(slash - path), 1)}) : ".";
  int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  bool ok = fd >= 0 && fsync(fd) == 0;
  if (fd >= 0) close(fd);
  return ok;
}

bool backup_pack_to(const char *database, const char *path, const char *keys_folder, BackupProgress progress,
                    i64 *out_bytes, Error *err) {
  CLEANUP(arena_freep) Arena *arena = arena_new();
  const char *part = str_to_c(arena, str_format(arena, "%s.part", path));
  int fd = open(part, O_CREAT | O_TRUNC | O_RDWR | O_CLOEXEC | O_NOFOLLOW, 0600);
  FILE *out = fd >= 0 ? fdopen(fd, "w") : NULL;
  if (!out) return fail(err, ERR_STORAGE, "cannot write %s: %s", part, strerror(errno));
  bool ok = backup_pack(database, out, keys_folder, progress, err);
  *out_bytes = ftell(out);
  if (ok && fsync(fd) != 0) ok = fail(err, ERR_STORAGE, "cannot sync %s: %s", part, strerror(errno));
  fclose(out);
  if (ok && rename(part, path) != 0) ok = fail(err, ERR_STORAGE, "cannot name %s: %s", path, strerror(errno));
  if (ok && !sync_folder_of(arena, path)) ok = fail(err, ERR_STORAGE, "cannot sync the folder of %s", path);
  if (!ok) unlink(part);
  return ok;
}

/* Unpacking -------------------------------------------------------------------------------------------------------- */

typedef struct Unpacker {
  const char *path;
  FILE *in, *out;
  i64 total, left; /* bytes before the trailer */
  crypto_hash_sha256_state sha;
} Unpacker;

static bool take(Unpacker *u, char *bytes, size_t max, size_t *out_count, Error *err) {
  size_t wanted = (size_t)MIN((i64)max, u->left);
  *out_count = fread(bytes, 1, wanted, u->in);
  if (*out_count != wanted) return fail(err, ERR_STORAGE, "%s cannot be read: %s", u->path, strerror(errno));
  crypto_hash_sha256_update(&u->sha, (const u8 *)bytes, *out_count);
  u->left -= (i64)*out_count;
  return true;
}

static bool read_header(Unpacker *u, Arena *arena, Value *out, Error *err) {
  char *line = arena_alloc(arena, HEADER_BYTES_MAX);
  Error why = {0};
  size_t used = 0, got = 1;
  while (used < HEADER_BYTES_MAX && got == 1) {
    if (!take(u, line + used, 1, &got, err)) return false;
    if (got == 1 && line[used++] == '\n') break;
  }
  if (json_parse(arena, (Str){line, used}, NULL, out, &why) && value_int_or(value_get_c(out, "tocsin_backup"), 0) == 1)
    return true;
  return fail(err, ERR_INVALID, "%s is no backup of Tocsin; give a file that \"tocsin backup\" wrote", u->path);
}

static bool decompress(Unpacker *u, BackupProgress progress, Error *err) {
  CLEANUP(arena_freep) Arena *arena = arena_new();
  ZSTD_DCtx *zstd = ZSTD_createDCtx();
  char *from = arena_alloc(arena, CHUNK), *to = arena_alloc(arena, CHUNK);
  size_t result = 1;
  bool ok = true;
  ASSERT(zstd);
  while (ok && u->left > 0) {
    ZSTD_inBuffer input = {from, 0, 0};
    ok = take(u, from, CHUNK, &input.size, err);
    while (ok && input.pos < input.size) {
      ZSTD_outBuffer output = {to, CHUNK, 0};
      result = ZSTD_decompressStream(zstd, &output, &input);
      if (ZSTD_isError(result))
        ok = fail(err, ERR_INVALID, "%s was changed or damaged after it was written (%s)", u->path,
                  ZSTD_getErrorName(result));
      else if (fwrite(to, 1, output.pos, u->out) != output.pos)
        ok = fail(err, ERR_STORAGE, "the database cannot be written: %s", strerror(errno));
    }
    if (progress.fn) progress.fn(progress.ctx, u->total - u->left, u->total);
  }
  ZSTD_freeDCtx(zstd);
  return ok && (result == 0 || fail(err, ERR_INVALID, "%s is cut short", u->path));
}

static bool check_trailer(Unpacker *u, Arena *arena, Error *err) {
  char found[TRAILER_BYTES];
  u8 digest[crypto_hash_sha256_BYTES];
  crypto_hash_sha256_final(&u->sha, digest);
  Str wanted = str_format(arena, "\nsha256 %.*s\n", STR_ARG(hex_encode(arena, digest, sizeof digest)));
  size_t got = fread(found, 1, sizeof found, u->in);
  return str_equal((Str){found, got}, wanted) ||
         fail(err, ERR_INVALID, "%s was changed or damaged after it was written: its checksum does not fit", u->path);
}

static bool looks_whole(Unpacker *u, Error *err) {
  char end[TRAILER_BYTES];
  struct stat st;
  if (fstat(fileno(u->in), &st) != 0 || !S_ISREG(st.st_mode))
    return fail(err, ERR_INVALID, "%s is not a file", u->path);
  u->total = u->left = MAX(0, (i64)st.st_size - TRAILER_BYTES);
  if (fseek(u->in, -TRAILER_BYTES, SEEK_END) != 0 || fread(end, 1, sizeof end, u->in) != sizeof end ||
      memcmp(end, "\nsha256 ", 8) != 0)
    return fail(err, ERR_INVALID, "%s is cut short or no backup: there is no checksum at its end", u->path);
  rewind(u->in);
  return true;
}

bool backup_unpack(Arena *arena, const char *path, const char *database, BackupProgress progress, Value *out_header,
                   Error *err) {
  Unpacker u = {.path = path, .in = fopen(path, "re")};
  if (!u.in) return fail(err, ERR_INVALID, "cannot read %s: %s", path, strerror(errno));
  unlink(database);
  int fd = open(database, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
  u.out = fd >= 0 ? fdopen(fd, "w") : NULL;
  bool ok = u.out || fail(err, ERR_STORAGE, "cannot write %s: %s", database, strerror(errno));
  crypto_hash_sha256_init(&u.sha);
  ok = ok && looks_whole(&u, err) && read_header(&u, arena, out_header, err) && decompress(&u, progress, err) &&
       check_trailer(&u, arena, err);
  if (ok && (fflush(u.out) != 0 || fsync(fd) != 0))
    ok = fail(err, ERR_STORAGE, "the database cannot be written: %s", strerror(errno));
  if (u.out) fclose(u.out);
  fclose(u.in);
  if (!ok) unlink(database);
  return ok;
}

static bool write_key(Arena *arena, const char *folder, const char *name, Str bytes, Error *err) {
  const char *path = str_to_c(arena, str_format(arena, "%s/%s", folder, name));
  int fd = open(path, O_CREAT | O_WRONLY | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
  bool ok = fd >= 0 && write(fd, bytes.ptr, bytes.len) == (ssize_t)bytes.len && fsync(fd) == 0;
  if (!ok) fail(err, ERR_STORAGE, "cannot write %s: %s", path, strerror(errno));
  if (fd >= 0) close(fd);
  return ok;
}

bool backup_keys_write(const Value *header, const char *folder, bool *out_any, Error *err) {
  CLEANUP(arena_freep) Arena *arena = arena_new();
  const Value *keys = value_get_c(header, "keys");
  *out_any = false;
  for (size_t i = 0; value_is(keys, VALUE_MAP) && i < COUNT(KEY_FILES); i++) {
    Str bytes = STR_NONE;
    const Value *key = value_get_c(keys, KEY_FILES[i]);
    if (!value_is(key, VALUE_STRING)) continue;
    if (!base64_decode(arena, value_text(key), &bytes) || !write_key(arena, folder, KEY_FILES[i], bytes, err))
      return false;
    *out_any = true;
  }
  return true;
}
