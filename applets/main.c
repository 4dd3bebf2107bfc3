/* main - the one list of applets, expanded; everything else is core/cli. */
#include "shared/chores.h"
#include "spamgear/cli/applet.h"
#include "spamgear/log/stamp.h"

#define APPLET(id) extern const struct applet id##_applet;
#include "applets.def"
#undef APPLET

static const struct applet *const applets[] = {
#define APPLET(id) &id##_applet,
#include "applets.def"
#undef APPLET
    NULL};

int main(int argc, char **argv)
{
    applet_read_times_with(stamp_from_user);
    applet_look_after(chores);
    return applet_main(applets, sizeof applets / sizeof *applets - 1, argc, argv);
}
