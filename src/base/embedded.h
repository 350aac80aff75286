/* A file that was put into the program at build time (scripts/embed). */
#ifndef TOCSIN_BASE_EMBEDDED_H
#define TOCSIN_BASE_EMBEDDED_H

#include "base/types.h"

typedef struct EmbeddedFile {
  const char *path; /* "integrations/github.yaml" */
  size_t bytes;
  const char *data; /* NUL-terminated */
} EmbeddedFile;

#endif
