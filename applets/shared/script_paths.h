/* script_paths - the paths that the PHP checkers print for a scanner. */
#ifndef SPAMGEAR_APPLETS_SCRIPT_PATHS_H
#define SPAMGEAR_APPLETS_SCRIPT_PATHS_H

#include "spamgear/report/report.h"

/* The senders' paths, one a line, or NUL-terminated. Directories become their .php files. */
void script_paths_write(const struct report *report, bool nul, FILE *out);

#endif
