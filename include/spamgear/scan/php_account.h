/* php_account - the look at a PHP file as an account: points, ways from source to sink, layers.
 */
#ifndef SPAMGEAR_SCAN_PHP_ACCOUNT_H
#define SPAMGEAR_SCAN_PHP_ACCOUNT_H

#include "spamgear/scan/account.h"
#include "spamgear/scan/php_look.h"

/* Appends, the most telling first. */
void php_account(const struct php_look *look, const struct php_weights *weights,
                 const struct php_judgement *judgement, struct account *account);

/* How much a sighting tells, to compare with others: what strangers bring to what runs code comes
 * first. */
unsigned php_sighting_weight(const struct php_sighting *sighting);

#endif
