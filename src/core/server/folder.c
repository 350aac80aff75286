/* See folder.h. */
#include "core/server/folder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

bool folder_is_there(const char *folder) {
  struct stat st;
  return stat(folder, &st) == 0;
}

bool folder_lock(const char *folder, int *out_fd, Error *err) {
  char path[4096];
  struct stat st;
  if (mkdir(folder, 0700) != 0 && errno != EEXIST)
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
