/* watcher_scan - the paths become standard input, so that a folder that a log names is never
 * walked, and nothing but a regular file is opened. */
#include "watcher_scan.h"

#include "scan.h"
#include "script_paths.h"
#include "spamgear/cli/settings.h"
#include <errno.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

static int put_paths_on_input(const struct report *report, struct strbuf *why)
{
    int fd = memfd_create("paths", MFD_CLOEXEC);
    FILE *out = fd < 0 ? NULL : fdopen(dup(fd), "w");
    if (out == NULL)
        return strbuf_why(why, "the list of files: %s", strerror(errno));
    script_paths_write(report, true, out);
    fclose(out);
    if (lseek(fd, 0, SEEK_SET) != 0 || dup2(fd, STDIN_FILENO) < 0)
        return strbuf_why(why, "the list of files: %s", strerror(errno));
    close(fd);
    return 0;
}

static int run_scan(struct scan *scan, const struct scan_settings *settings, const struct run *run,
                    struct watcher_scanned *scanned, struct strbuf *why)
{
    struct run call = *run;
    char *found = NULL;
    size_t len = 0;
    call.argc = 0;
    if (scan_open(scan, settings, &call, SCAN_SHOW_FOUND) != 0)
        return strbuf_why(why, "the scanner could not begin");
    FILE *out = open_memstream(&found, &len);
    scan->report.out = out;
    scan->report.settings.progress = false;
    scan_run(scan, true);
    fclose(out);
    strbuf_add(&scanned->found_lines, found, len);
    free(found);
    scanned->files = scan->totals.files;
    scanned->found = scan->totals.found;
    scanned->unknown = scan->totals.unknown;
    return 0;
}

int watcher_scan(const struct report *report, const struct run *run, bool dry,
                 struct watcher_scanned *scanned, struct strbuf *why)
{
    struct settings settings;
    struct scan scan = {0};
    struct texts wrong = {0};
    settings_init(&settings, applet_find(run->all, "full-scan", NULL), &wrong);
    settings_apply(&settings, run->config, run->all, &wrong);
    struct scan_settings *own = settings.own;
    own->walk.nul = true;
    own->walk.print_nul = own->walk.details = own->walk.why = false;
    own->walk.format = 0;
    own->act.dry_run |= dry;
    int result = wrong.len > 0 ? strbuf_why(why, "%s", wrong.at[0]) : 0;
    if (result == 0 && (result = put_paths_on_input(report, why)) == 0)
        result = run_scan(&scan, own, run, scanned, why);
    scan_close(&scan);
    settings_clear(&settings);
    texts_clear(&wrong);
    return result;
}
