/* The data folder's lock: whatever writes there holds it. */
#ifndef TOCSIN_CORE_FOLDER_H
#define TOCSIN_CORE_FOLDER_H

#include "base/base.h"

/* Makes the folder when it is missing. ERR_CONFLICT while another process has it. *out_fd is closed to let go. */
MUST_CHECK bool folder_lock(const char *folder, int *out_fd, Error *err);

bool folder_is_there(const char *folder);

#endif
