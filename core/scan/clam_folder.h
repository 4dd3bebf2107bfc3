/* clam_folder - may a folder of ClamAV databases be believed? For clam.c. */
#ifndef SPAMGEAR_SCAN_CLAM_FOLDER_H
#define SPAMGEAR_SCAN_CLAM_FOLDER_H

#include "spamgear/base/strbuf.h"
#include <stdint.h>

/* 0 with a hash over names, sizes and times of all files, or -1 with why. */
int clam_folder_check(const char *folder, uint64_t *fingerprint, struct strbuf *why);

#endif
