/* own_link - an empty embedded database in a folder of its own, for a test of what uses a link. */
#ifndef SPAMGEAR_OWN_LINK_H
#define SPAMGEAR_OWN_LINK_H

#include "spamgear/base/sqlite.h"
#include "spamgear/store/link.h"

#include "test.h"
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct own_link {
    char folder[32], file[40];
    struct link *link;
};

static void own_link_open(struct own_link *own)
{
    struct strbuf why = {0};
    snprintf(own->folder, sizeof own->folder, "/tmp/link.XXXXXX");
    if (mkdtemp(own->folder) == NULL)
        exit(1);
    snprintf(own->file, sizeof own->file, "%s/db", own->folder);
    struct sql_place place = {.kind = SQL_SQLITE, .file = own->file};
    test_true("not there", link_open(&place, NULL, 100, &why) == NULL);
    strbuf_reset(&why);
    sqlite_close(sqlite_open(own->file, 10, &why));
    own->link = link_open(&place, NULL, 100, &why);
    test_text("opened", strbuf_text(&why), "");
    strbuf_clear(&why);
}

/* What made files besides the database has left something behind. */
static void own_link_close(struct own_link *own)
{
    link_close(own->link);
    unlink(own->file);
    test_number("nothing is left", rmdir(own->folder), 0);
}

#endif
