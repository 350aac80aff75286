/* See ballast.h. The blocks are allocated, not merely promised: a file with holes would give nothing back. */
#include "db/ballast.h"

#include <fcntl.h>
#include <unistd.h>

#include "base/base.h"

#define BALLAST_BYTES ((off_t)MIB(64))

static const char *path_in(Arena *arena, const char *folder) {
  return str_to_c(arena, str_format(arena, "%s/ballast", folder));
}

bool db_ballast_make(const char *folder) {
  CLEANUP(arena_freep) Arena *arena = arena_new();
  const char *path = path_in(arena, folder);
  int fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) return false;
  bool ok = posix_fallocate(fd, 0, BALLAST_BYTES) == 0;
  close(fd);
  if (!ok) unlink(path);
  return ok;
}

void db_ballast_release(const char *folder) {
  CLEANUP(arena_freep) Arena *arena = arena_new();
  unlink(path_in(arena, folder));
}
