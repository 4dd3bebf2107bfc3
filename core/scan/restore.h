/* restore - where a block was put into a released PHP file, to the byte. */
#ifndef SPAMGEAR_CORE_SCAN_RESTORE_H
#define SPAMGEAR_CORE_SCAN_RESTORE_H

#include "php_balance.h"
#include "spamgear/scan/allow.h"

/* Is text a file of the list with one block added? *block gets the bytes to cut; *exact says that
 * what is left then has a SHA-256 of the list (digest_load must have succeeded, else it is false).
 */
bool restore_find(const struct allow_list *allow, struct span text, struct php_part *block,
                  bool *exact);

#endif
