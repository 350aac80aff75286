/* See ballast.h. */
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "db/ballast.h"

static void path_of(const char *folder, char *out, size_t bytes) { snprintf(out, bytes, "%s/ballast", folder); }

bool db_ballast_make(const char *folder) {
  char path[4096];
  path_of(folder, path, sizeof path);
  int fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
  if (fd < 0) return false;
  bool ok = posix_fallocate(fd, 0, (off_t)MIB(64)) == 0;
  close(fd);
  if (!ok) unlink(path);
  return ok;
}

void db_ballast_release(const char *folder) {
  char path[4096];
  path_of(folder, path, sizeof path);
  unlink(path);
}
