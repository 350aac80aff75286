/* See folder.h. */
#include "core/server/folder.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* A mistyped --data must not look like a server that forgot everything. */
static void log_made(const char *folder) {
  char whole[PATH_MAX];
  log_info("server", "new data folder %s: it was not there before", realpath(folder, whole) ? whole : folder);
}

bool folder_lock(const char *folder, int *out_fd, Error *err) {
  char path[4096];
  struct stat st;
  if (mkdir(folder, 0700) == 0)
    log_made(folder);
  else if (errno != EEXIST)
    return fail(err, ERR_INVALID, "cannot make the data folder %s: %s", folder, strerror(errno));
  if (stat(folder, &st) != 0 || !S_ISDIR(st.st_mode))
    return fail(err, ERR_INVALID, "%s is not a folder; choose another with --data", folder);
  snprintf(path, sizeof path, "%s/lock", folder);
  int fd = open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0600);
  if (fd < 0) return fail(err, ERR_INVALID, "the data folder %s cannot be written: %s", folder, strerror(errno));
  if (flock(fd, LOCK_EX | LOCK_NB) == 0) return *out_fd = fd, true;
  close(fd);
  return fail(err, ERR_CONFLICT,
              "the data folder %s is in use by another tocsin; stop it, or choose another with --data", folder);
}
