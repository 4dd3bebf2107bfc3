/* attributes - extended attributes, read within bounds and set again. */
#include "spamgear/react/attributes.h"

#include "spamgear/base/mem.h"
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>

void attributes_clear(struct attributes *list)
{
    for (size_t i = 0; i < list->len; i++) {
        free(list->at[i].name);
        strbuf_clear(&list->at[i].value);
    }
    vec_clear(list);
    list->left_out = 0;
}

void attributes_add(struct attributes *list, struct span name, struct span value)
{
    struct attribute *one = vec_add(list);
    *one = (struct attribute){.name = mem_text_of(name.at, name.len)};
    strbuf_add_span(&one->value, value);
}

/* Adds the one of that name when it fits into *room. */
static void read_one(struct attributes *list, int fd, const char *name, char *value, size_t *room)
{
    ssize_t len = fgetxattr(fd, name, value, ATTRIBUTES_BYTES);
    if (len < 0 && errno == ENODATA)
        return; /* just removed */
    size_t takes = strlen(name) + (len > 0 ? (size_t)len : 0);
    if (len < 0 || takes > *room) {
        list->left_out++;
        return;
    }
    attributes_add(list, span_text(name), (struct span){value, (size_t)len});
    *room -= takes;
}

void attributes_read(struct attributes *list, int fd)
{
    size_t room = ATTRIBUTES_BYTES;
    char *names = mem_alloc(ATTRIBUTES_BYTES), *value = mem_alloc(ATTRIBUTES_BYTES);
    ssize_t len = flistxattr(fd, names, ATTRIBUTES_BYTES);
    *list = (struct attributes){.left_out = len < 0 && errno != ENOTSUP};
    for (char *name = names; len > 0 && name < names + len; name += strlen(name) + 1)
        read_one(list, fd, name, value, &room);
    free(names);
    free(value);
}

static bool has(const struct attributes *list, const char *name)
{
    for (size_t i = 0; i < list->len; i++)
        if (strcmp(list->at[i].name, name) == 0)
            return true;
    return false;
}

int attributes_apply(const struct attributes *list, int fd, struct texts *remarks,
                     struct strbuf *why)
{
    static const char acl[] = "system.posix_acl_access";
    if (!has(list, acl) && fremovexattr(fd, acl) != 0 && errno != ENODATA && errno != ENOTSUP)
        return strbuf_why(why, "its folder's ACL cannot be taken off: %s", strerror(errno));
    for (size_t i = 0; i < list->len; i++) {
        const struct attribute *one = &list->at[i];
        if (fsetxattr(fd, one->name, strbuf_text(&one->value), one->value.len, 0) == 0)
            continue;
        if (remarks == NULL)
            return strbuf_why(why, "attribute %s cannot be set: %s", one->name, strerror(errno));
        texts_format(remarks, "attribute %s could not be set: %s", one->name, strerror(errno));
    }
    return 0;
}
