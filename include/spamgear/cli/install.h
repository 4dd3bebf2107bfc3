/* install - links named after the applets, that point to this program.
 */
#ifndef SPAMGEAR_CLI_INSTALL_H
#define SPAMGEAR_CLI_INSTALL_H

#include "spamgear/cli/applet.h"
#include <stdbool.h>

/* Makes a link in folder for each applet (but tools) and each of its aliases. Links are
 * relative, so that the tree can be moved. One that leads to us already is left alone;
 * anything else of that name is left alone and told, or with force replaced (a directory
 * never). Each new link is added to made as "NAME -> TARGET". Every failure is a problem. */
void install_links(const struct applet_list *list, const char *folder, bool force,
                   struct texts *made, struct texts *problems);

#endif
