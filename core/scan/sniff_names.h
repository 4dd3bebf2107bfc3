/* sniff_names - the words that tell .htaccess and .user.ini: Apache's directives that may stand
 * in per-directory files (httpd 2.4 and common modules), and PHP's settings that users set. */
#ifndef SPAMGEAR_SCAN_SNIFF_NAMES_H
#define SPAMGEAR_SCAN_SNIFF_NAMES_H

#include "spamgear/base/span.h"

/* A span as a static initializer. */
#define WORD(literal)                                                                              \
    {                                                                                              \
        (literal), sizeof(literal) - 1                                                             \
    }

extern const struct span sniff_directives[], sniff_ini_keys[];
extern const size_t sniff_directives_len, sniff_ini_keys_len;

#endif
