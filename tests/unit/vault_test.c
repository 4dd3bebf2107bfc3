/* vault - what is taken comes back exactly as it was; what is not what was examined stays. */
#include "spamgear/base/clock.h"
#include "vault_files.h"

#include <sched.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <sys/xattr.h>

static char base[] = "/tmp/vault_test.XXXXXX";

/* ---- there and back ---- */

static const struct {
    const char *name, *text;
    size_t len;
    mode_t mode;
    uid_t owner;
    time_t modified;
} files[] = {
    {"plain.php", "<?php // 1", 10, 0644, 0, 1000000000},
    {"empty", "", 0, 0600, 1234, 1},
    {"new\nline] [X]", "a", 1, 0444, 1234, -5},
    {"-rf", "b", 1, 0, 1234, 4000000000},
    {"\xff\xfe \\x41", "c\0d", 3, 0755, 1235, 0},
    {"set-id", "e", 1, 06755, 1234, 7},
    {"acl", "f", 1, 0664, 1234, 8},
};
#define FILES (sizeof files / sizeof *files)

/* user::rw-, user:1236:rw-, group::r--, mask::rw-, other::r-- (acl(5), as the kernel stores it) */
static const unsigned char acl[] = {
    2,   0,   0,   0,   1,  0, 6, 0, 255, 255, 255, 255, 2,  0, 6, 0, 212, 4,   0,   0,  4, 0, 4, 0,
    255, 255, 255, 255, 16, 0, 6, 0, 255, 255, 255, 255, 32, 0, 4, 0, 255, 255, 255, 255};

static void make_file(size_t i)
{
    put(files[i].name, files[i].text, files[i].len, 0600);
    setxattr(files[i].name, "user.note", "a\0b\n", 4, 0);
    if (geteuid() == 0)
        test_true("owner", chown(files[i].name, files[i].owner, files[i].owner + 1) == 0);
    test_true("mode", chmod(files[i].name, files[i].mode) == 0);
    if (strcmp(files[i].name, "acl") == 0)
        setxattr(files[i].name, "system.posix_acl_access", acl, sizeof acl, 0);
    const struct timespec times[2] = {{5, 6}, {files[i].modified, 123456789}};
    test_true("times", utimensat(AT_FDCWD, files[i].name, times, 0) == 0);
}

static void test_same(const char *name, const struct stat *was, const struct stat *is)
{
    test_number(name, is->st_uid, was->st_uid);
    test_number(name, is->st_gid, was->st_gid);
    test_number(name, is->st_mode, was->st_mode);
    test_number(name, is->st_size, was->st_size);
    test_number(name, is->st_mtim.tv_sec, was->st_mtim.tv_sec);
    test_number(name, is->st_mtim.tv_nsec, was->st_mtim.tv_nsec);
    test_number(name, is->st_atim.tv_sec, was->st_atim.tv_sec);
}

static ssize_t attribute_of(const char *path, const char *name, char *value, size_t size)
{
    ssize_t len = getxattr(path, name, value, size);
    return len < 0 ? 0 : len;
}

static void test_there_and_back(void)
{
    struct vault *vault = open_it("vault");
    for (size_t i = 0; i < FILES; i++) {
        char id[VAULT_ID], was[100], is[100], was_acl[100], is_acl[100], bytes[10];
        struct stat before, after;
        const char *name = files[i].name;
        if (geteuid() != 0 && (files[i].mode & S_IRUSR) == 0)
            continue; /* only root can open it */
        make_file(i);
        ssize_t note = attribute_of(name, "user.note", was, sizeof was);
        ssize_t acls = attribute_of(name, "system.posix_acl_access", was_acl, sizeof was_acl);
        test_true(name, stat(name, &before) == 0);
        take(vault, name, id, "");
        test_true("gone", !is_there(name));
        test_true("ID", strncmp(id, "20261121-224605-", 16) == 0 && vault_is_id(id));
        restore(vault, id, NULL, "");
        test_true(name, stat(name, &after) == 0);
        test_same(name, &before, &after);
        ssize_t len = attribute_of(name, "user.note", is, sizeof is);
        test_bytes(name, is, (size_t)len, was, (size_t)note);
        len = attribute_of(name, "system.posix_acl_access", is_acl, sizeof is_acl);
        test_bytes(name, is_acl, (size_t)len, was_acl, (size_t)acls);
        chmod(name, 0600);
        int fd = open(name, O_RDONLY);
        len = read(fd, bytes, sizeof bytes);
        close(fd);
        test_bytes(name, bytes, (size_t)len, files[i].text, files[i].len);
        unlink(name);
    }
    test_number("nothing half done", count_files("vault/new"), 0);
    vault_close(vault);
    remove_tree("vault");
}

/* A hole of a gigabyte takes no room, neither there nor when it is back. */
static void test_sparse(void)
{
    struct vault *vault = open_it("vault");
    char id[VAULT_ID], at[4];
    struct stat st;
    put_text("sparse", "start");
    test_true("sparse", truncate("sparse", 64 << 20) == 0);
    int fd = open("sparse", O_WRONLY);
    test_true("end", pwrite(fd, "end", 3, (64 << 20) - 3) == 3);
    close(fd);
    take(vault, "sparse", id, "");
    restore(vault, id, NULL, "");
    test_true("sparse", stat("sparse", &st) == 0 && st.st_size == 64 << 20);
    test_true("still sparse", st.st_blocks < 2048);
    fd = open("sparse", O_RDONLY);
    test_true("end", pread(fd, at, 4, (64 << 20) - 3) == 3 && memcmp(at, "end", 3) == 0);
    close(fd);
    unlink("sparse");
    vault_close(vault);
    remove_tree("vault");
}

/* A file without any space on disk must not keep the run for hours. */
static void test_large(void)
{
    struct vault *vault = open_it("vault");
    char id[VAULT_ID];
    put_text("large", "");
    if (truncate("large", (off_t)VAULT_FILE_MAX + 1) == 0) {
        take(vault, "large", id,
             "large: not put into quarantine: it is larger than 4 GiB; move it by hand");
        test_true("stays", is_there("large"));
    }
    unlink("large");
    vault_close(vault);
    remove_tree("vault");
}

/* An ACL that the folder gives to new files is not the file's. */
static void test_folders_acl(void)
{
    struct vault *vault = open_it("vault");
    char id[VAULT_ID], value[100];
    struct stat st;
    mkdir("with-acl", 0755);
    put_text("with-acl/a", "a");
    if (setxattr("with-acl", "system.posix_acl_default", acl, sizeof acl, 0) == 0) {
        take(vault, "with-acl/a", id, "");
        restore(vault, id, NULL, "");
        test_true("mode", stat("with-acl/a", &st) == 0 && (st.st_mode & 07777) == 0644);
        test_true("no ACL",
                  getxattr("with-acl/a", "system.posix_acl_access", value, sizeof value) < 0);
    }
    remove_tree("with-acl");
    vault_close(vault);
    remove_tree("vault");
}

static void test_case_says(void)
{
    struct vault *vault = open_it("vault");
    struct vault_case one;
    struct strbuf path = {0};
    char id[VAULT_ID], empty[VAULT_ID];
    put_text("a", "x");
    test_true("second name", link("a", "b") == 0);
    take(vault, "./a", id, "");
    test_content("the other name", "b", "x");
    test_number("reads", vault_case_read(vault, id, &one, NULL), 0);
    strbuf_format(&path, "%s/a", base);
    test_text("whole path", one.path, strbuf_text(&path));
    test_text("hits", one.hits, "[CUSTOM] [X.1]");
    test_text("reason", one.reason, "quarantined");
    test_number("state", one.state, VAULT_TAKEN);
    test_number("links", (int64_t)one.st.st_nlink, 2);
    test_number("when", one.when, NOW);
    vault_case_clear(&one);
    restore(vault, id, NULL, "");
    test_number("reads", vault_case_read(vault, id, &one, NULL), 0);
    test_number("state", one.state, VAULT_RESTORED);
    vault_case_clear(&one);
    struct examined e;
    examine(&e, "b");
    e.file.reason = "backup before cleaning";
    test_number("keeps", vault_keep(vault, &e.file, id, NULL), 0);
    test_content("stays", "b", "x");
    test_number("reads", vault_case_read(vault, id, &one, NULL), 0);
    test_number("state", one.state, VAULT_KEPT);
    vault_case_clear(&one);
    test_number("not a case", vault_case_read(vault, "../lock", &one, NULL), -1);
    e.file.path = "none/a";
    test_number("no such folder", vault_keep(vault, &e.file, empty, NULL), -1);
    test_text("no case", empty, "");
    close(e.file.fd);
    unlink("a");
    unlink("b");
    strbuf_clear(&path);
    vault_close(vault);
    remove_tree("vault");
}

/* ---- what is not what was examined stays ---- */

static void rewrite_same_size(void)
{
    put_text("victim", "other");
}

static void append(void)
{
    put_text("victim", "first and more");
}

static void cut(void)
{
    test_true("cut", truncate("victim", 1) == 0);
}

static void replace(void)
{
    put_text("other", "first");
    test_true("replaced", rename("other", "victim") == 0);
}

static void link_elsewhere(void)
{
    test_true("link", unlink("victim") == 0 && symlink("precious", "victim") == 0);
}

static void touch(void)
{
    test_true("touched", chmod("victim", 0600) == 0); /* the inode, not the content */
}

static void vanish(void)
{
    unlink("victim");
}

static const struct {
    const char *name;
    void (*attack)(void);
    const char *why;
    bool there; /* something has that name afterwards */
} attacks[] = {
    {"rewritten", rewrite_same_size, "it has changed since it was examined", true},
    {"appended to", append, "it has grown since it was examined", true},
    {"cut", cut, "it has become shorter since it was examined", true},
    {"replaced", replace, "the name belongs to another file now", true},
    {"a link", link_elsewhere, "the name belongs to another file now", true},
    {"touched", touch, "it has changed since it was examined", true},
    {"gone", vanish, "No such file or directory", false},
};

static void test_attacks(void)
{
    struct vault *vault = open_it("vault");
    put_text("precious", "root's");
    for (size_t i = 0; i < sizeof attacks / sizeof *attacks; i++) {
        struct examined e;
        struct strbuf why = {0}, want = {0};
        char id[VAULT_ID];
        put_text("victim", "first");
        examine(&e, "victim");
        usleep(11000); /* so that a change shows in the times of kernels with coarse ones */
        attacks[i].attack();
        strbuf_format(&want, "victim: not put into quarantine: %s", attacks[i].why);
        test_number(attacks[i].name, vault_take(vault, &e.file, id, &why), -1);
        test_text(attacks[i].name, strbuf_text(&why), strbuf_text(&want));
        test_text(attacks[i].name, id, "");
        test_true(attacks[i].name, is_there("victim") == attacks[i].there);
        test_number("no case", count_files("vault/cases"), 0);
        close(e.file.fd);
        unlink("victim");
        strbuf_clear(&why);
        strbuf_clear(&want);
    }
    test_content("what the link leads to", "precious", "root's");
    unlink("precious");
    test_number("nothing half done", count_files("vault/new"), 0);
    vault_close(vault);
    remove_tree("vault");
}

static void test_hash_told(void)
{
    struct vault *vault = open_it("vault");
    struct examined e;
    struct strbuf why = {0};
    uint8_t hash[DIGEST_BYTES];
    char id[VAULT_ID];
    put_text("victim", "first");
    digest_of(SPAN("other"), hash);
    examine(&e, "victim");
    e.file.hash = hash;
    test_number("other hash", vault_take(vault, &e.file, id, &why), -1);
    test_text("says", strbuf_text(&why),
              "victim: not put into quarantine: it has changed since it was examined");
    test_content("stays", "victim", "first");
    test_number("nothing is kept", count_files("vault"), 1);
    digest_of(SPAN("first"), hash);
    test_number("its hash", vault_take(vault, &e.file, id, &why), 0);
    test_true("gone", !is_there("victim"));
    close(e.file.fd);
    strbuf_clear(&why);
    vault_close(vault);
    remove_tree("vault");
}

/* A folder on the way becomes a link to one of root's, where the same name has a file. */
static void test_swapped_folder(void)
{
    struct vault *vault = open_it("vault");
    struct examined e;
    struct strbuf why = {0};
    char id[VAULT_ID];
    mkdir("tenant", 0755);
    mkdir("tenant/www", 0755);
    mkdir("root", 0755);
    put_text("tenant/www/shell", "shell");
    put_text("root/shell", "precious");
    examine(&e, "tenant/www/shell");
    test_true("swapped", rename("tenant/www", "tenant/old") == 0);
    test_true("swapped", symlink("../root", "tenant/www") == 0);
    if (geteuid() == 0)
        test_true("tenant's", lchown("tenant/www", 1234, 1234) == 0);
    test_number("refused", vault_take(vault, &e.file, id, &why), -1);
    test_true("says", why.len > 0);
    test_number("not removed either", vault_delete_file(&e.file, &why), -1);
    test_content("stays", "root/shell", "precious");
    test_content("stays", "tenant/old/shell", "shell");
    close(e.file.fd);
    strbuf_clear(&why);
    remove_tree("tenant");
    remove_tree("root");
    vault_close(vault);
    remove_tree("vault");
}

/* A scan of everything finds the contents too. */
static void test_itself(void)
{
    struct vault *vault = open_it("vault");
    struct strbuf object = {0}, want = {0};
    char id[VAULT_ID], hash[DIGEST_TEXT + 1];
    uint8_t bytes[DIGEST_BYTES];
    put_text("a", "shell");
    take(vault, "a", id, "");
    digest_of(SPAN("shell"), bytes);
    digest_text(bytes, hash);
    strbuf_format(&object, "vault/objects/%.2s/%s", hash, hash);
    test_content("content", strbuf_text(&object), "shell");
    strbuf_format(&want, "%s: not put into quarantine: it lies in the quarantine itself",
                  strbuf_text(&object));
    take(vault, strbuf_text(&object), id, strbuf_text(&want));
    test_content("stays", strbuf_text(&object), "shell");
    strbuf_clear(&object);
    strbuf_clear(&want);
    vault_close(vault);
    remove_tree("vault");
}

static void test_delete(void)
{
    struct examined e;
    struct strbuf why = {0};
    const uint8_t hash[DIGEST_BYTES] = {0};
    put_text("victim", "x");
    put_text("other", "y");
    examine(&e, "victim");
    e.file.path = "other";
    test_number("another", vault_delete_file(&e.file, &why), -1);
    test_text("says", strbuf_text(&why),
              "other: not removed: the name belongs to another file now");
    test_content("stays", "other", "y");
    e.file.path = "victim";
    e.file.hash = hash;
    test_number("another content", vault_delete_file(&e.file, &why), -1);
    test_text("says", strbuf_text(&why),
              "victim: not removed: it has changed since it was examined");
    e.file.hash = NULL;
    put_text("victim", "good");
    test_number("rewritten", vault_delete_file(&e.file, &why), -1);
    test_text("says", strbuf_text(&why),
              "victim: not removed: it has changed since it was examined");
    test_content("stays", "victim", "good");
    test_true("as it is now", fstat(e.file.fd, &e.st) == 0);
    test_number("deletes", vault_delete_file(&e.file, &why), 0);
    test_true("gone", !is_there("victim"));
    test_number("once", vault_delete_file(&e.file, &why), -1);
    close(e.file.fd);
    unlink("other");
    strbuf_clear(&why);
}

/* ---- contents ---- */

static void test_shared_content(void)
{
    struct vault *vault = open_it("vault");
    struct texts ids = {0}, problems = {0};
    char id[3][VAULT_ID];
    put_text("a", "same");
    put_text("b", "same");
    put_text("c", "other");
    take(vault, "a", id[0], "");
    take(vault, "b", id[1], "");
    take(vault, "c", id[2], "");
    test_number("contents", count_files("vault/objects"), 2);
    texts_add(&ids, id[0]);
    texts_add(&ids, id[2]);
    texts_add(&ids, "20000101-000000-000000");
    texts_add(&ids, "../lock");
    test_number("removes", vault_remove(vault, &ids, &problems, NULL), 2);
    test_number("two are none", (int64_t)problems.len, 2);
    test_number("contents", count_files("vault/objects"), 1);
    restore(vault, id[1], NULL, "");
    test_content("back", "b", "same");
    texts_clear(&ids);
    texts_add(&ids, id[1]);
    test_number("removes", vault_remove(vault, &ids, &problems, NULL), 1);
    test_number("contents", count_files("vault/objects"), 0);
    unlink("b");
    texts_clear(&ids);
    texts_clear(&problems);
    vault_close(vault);
    remove_tree("vault");
}

/* A manifest that cannot be read may need any content. */
static void test_unreadable_case(void)
{
    struct vault *vault = open_it("vault");
    struct texts ids = {0}, problems = {0};
    struct vault_case one;
    struct strbuf why = {0};
    char id[VAULT_ID];
    put_text("a", "content");
    take(vault, "a", id, "");
    put_text("vault/cases/20000101-000000-000000", "spamgear-case 1\nid /\nend\n");
    texts_add(&ids, id);
    test_number("removes", vault_remove(vault, &ids, &problems, NULL), 1);
    test_text("says", problems.len == 1 ? problems.at[0] : "",
              "20000101-000000-000000: line 2: id is not one (so no content was removed)");
    test_number("the content stays", count_files("vault/objects"), 1);
    test_number("unreadable", vault_case_read(vault, "20000101-000000-000000", &one, &why), -1);
    vault_case_clear(&one);
    test_true("link", symlink("../lock", "vault/cases/20000101-000000-000001") == 0);
    test_true("FIFO", mkfifo("vault/cases/20000101-000000-000002", 0600) == 0);
    test_number("a link", vault_case_read(vault, "20000101-000000-000001", &one, &why), -1);
    test_text("says", strbuf_text(&why),
              "20000101-000000-000001: Too many levels of symbolic links");
    test_number("a FIFO", vault_case_read(vault, "20000101-000000-000002", &one, &why), -1);
    texts_clear(&ids);
    test_number("lists", vault_list(vault, &ids, &why), 0);
    test_number("lists them", (int64_t)ids.len, 3);
    texts_clear(&problems);
    test_number("removes them", vault_remove(vault, &ids, &problems, NULL), 3);
    test_number("no problem", (int64_t)problems.len, 0);
    test_number("and the content", count_files("vault"), 1);
    texts_clear(&ids);
    texts_clear(&problems);
    strbuf_clear(&why);
    vault_close(vault);
    remove_tree("vault");
}

static void test_damaged_content(void)
{
    struct vault *vault = open_it("vault");
    struct strbuf object = {0}, want = {0};
    char id[VAULT_ID], hash[DIGEST_TEXT + 1];
    uint8_t bytes[DIGEST_BYTES];
    put_text("a", "shell");
    take(vault, "a", id, "");
    digest_of(SPAN("shell"), bytes);
    digest_text(bytes, hash);
    strbuf_format(&object, "vault/objects/%.2s/%s", hash, hash);
    chmod(strbuf_text(&object), 0600);
    put_text(strbuf_text(&object), "shelL");
    strbuf_format(&want, "%s: not restored: its content in the quarantine is damaged", id);
    restore(vault, id, NULL, strbuf_text(&want));
    test_true("nothing is put there", !is_there("a"));
    put_text("b", "shell");
    char second[VAULT_ID];
    take(vault, "b", second, ""); /* must not trust what is there */
    restore(vault, id, NULL, "");
    test_content("mended", "a", "shell");
    unlink(strbuf_text(&object));
    strbuf_reset(&want);
    strbuf_format(&want, "%s: not restored: its content %s: No such file or directory", second,
                  hash);
    restore(vault, second, NULL, strbuf_text(&want));
    unlink("a");
    strbuf_clear(&object);
    strbuf_clear(&want);
    vault_close(vault);
    remove_tree("vault");
}

/* ---- restoring ---- */

static void test_never_over(void)
{
    struct vault *vault = open_it("vault");
    struct strbuf want = {0};
    char id[VAULT_ID];
    mkdir("home", 0755);
    put_text("home/a", "shell");
    take(vault, "home/a", id, "");
    put_text("home/a", "tenant's new one");
    strbuf_format(&want, "%s: not restored: %s/home/a: there is a file of that name", id, base);
    restore(vault, id, NULL, strbuf_text(&want));
    test_content("stays", "home/a", "tenant's new one");
    unlink("home/a");
    test_true("dangling", symlink("../elsewhere", "home/a") == 0);
    restore(vault, id, NULL, strbuf_text(&want));
    test_true("nothing elsewhere", !is_there("elsewhere"));
    unlink("home/a");
    mkdir("home/a", 0755);
    restore(vault, id, NULL, strbuf_text(&want));
    rmdir("home/a");
    rmdir("home");
    struct texts remarks = {0};
    struct strbuf why = {0};
    test_number("no folder", vault_restore(vault, id, NULL, &remarks, &why), -1);
    test_true("says", strstr(strbuf_text(&why), "No such file or directory") != NULL);
    restore(vault, id, "elsewhere", "");
    test_content("elsewhere", "elsewhere", "shell");
    unlink("elsewhere");
    texts_clear(&remarks);
    strbuf_clear(&want);
    strbuf_clear(&why);
    vault_close(vault);
    remove_tree("vault");
}

/* The tenant has put a link where the folder was. */
static void test_never_through(void)
{
    if (geteuid() != 0)
        return;
    struct vault *vault = open_it("vault");
    struct texts remarks = {0};
    struct strbuf why = {0};
    char id[VAULT_ID];
    mkdir("tenant", 0755);
    mkdir("tenant/www", 0755);
    mkdir("root", 0755);
    put_text("tenant/www/cron", "shell");
    take(vault, "tenant/www/cron", id, "");
    rmdir("tenant/www");
    test_true("link", symlink("../root", "tenant/www") == 0);
    test_true("tenant's", lchown("tenant/www", 1234, 1234) == 0);
    test_true("tenant's", chown("tenant", 1234, 1234) == 0);
    test_number("refused", vault_restore(vault, id, NULL, &remarks, &why), -1);
    test_number("nothing there", count_files("root"), 0);
    remove_tree("tenant");
    remove_tree("root");
    texts_clear(&remarks);
    strbuf_clear(&why);
    vault_close(vault);
    remove_tree("vault");
}

static void test_find(void)
{
    struct vault *vault = open_it("vault");
    struct strbuf why = {0};
    char a[VAULT_ID], b[VAULT_ID], found[VAULT_ID];
    put_text("a", "a");
    take(vault, "a", a, "");
    clock_pin(NOW + 86400);
    put_text("b", "b");
    take(vault, "b", b, "");
    clock_pin(NOW);
    test_number("found", vault_find(vault, "20261122", found, &why), 0);
    test_text("found", found, b);
    test_number("whole", vault_find(vault, a, found, &why), 0);
    test_text("whole", found, a);
    test_number("two", vault_find(vault, "202611", found, &why), -1);
    test_text("two", strbuf_text(&why), "202611: there are 2 cases whose ID begins so");
    test_number("none", vault_find(vault, "2027", found, &why), -1);
    test_text("none", strbuf_text(&why), "2027: there is no case with that ID");
    test_number("no case", vault_find(vault, "../lock", found, &why), -1);
    struct texts ids = {0};
    test_number("list", vault_list(vault, &ids, &why), 0);
    test_true("oldest first",
              ids.len == 2 && strcmp(ids.at[0], a) == 0 && strcmp(ids.at[1], b) == 0);
    texts_clear(&ids);
    strbuf_clear(&why);
    vault_close(vault);
    remove_tree("vault");
}

static const struct {
    int64_t time;
    const char *prefix;
} dates[] = {
    {0, "19700101-000000-"},          {951782399, "20000228-235959-"},
    {951782400, "20000229-000000-"},  {951868800, "20000301-000000-"},
    {1798761599, "20261231-235959-"}, {1798761600, "20270101-000000-"},
    {4107542399, "21000228-235959-"}, {4107542400, "21000301-000000-"},
};

static void test_dates(void)
{
    struct vault *vault = open_it("vault");
    for (size_t i = 0; i < sizeof dates / sizeof *dates; i++) {
        char id[VAULT_ID];
        if (dates[i].time == 0)
            continue; /* 0 unpins the clock */
        clock_pin(dates[i].time);
        put_text("a", "a");
        take(vault, "a", id, "");
        test_bytes("date", id, 16, dates[i].prefix, 16);
    }
    clock_pin(NOW);
    vault_close(vault);
    remove_tree("vault");
}

/* ---- folders that cannot be the quarantine ---- */

static void refuse(const char *folder, const char *want)
{
    struct texts problems = {0};
    struct strbuf why = {0};
    struct vault *vault = vault_open(folder, &problems, &why);
    test_true(folder, vault == NULL && strstr(strbuf_text(&why), want) != NULL);
    if (vault != NULL || strstr(strbuf_text(&why), want) == NULL)
        printf("    got \"%s\", want \"%s\"\n", strbuf_text(&why), want);
    vault_close(vault);
    texts_clear(&problems);
    strbuf_clear(&why);
}

static void test_unsafe_folders(void)
{
    mkdir("open", 0700);
    chmod("open", 0777);
    refuse("open", "others own it or may write to it");
    rmdir("open");
    mkdir("real", 0700);
    test_true("link", symlink("real", "link") == 0); /* ours: nobody else chose where it leads */
    vault_close(open_it("link"));
    struct vault *old = vault_open_old("link", NULL, NULL);
    test_true("link", old != NULL);
    vault_close(old);
    if (geteuid() == 0) {
        test_true("another's", lchown("link", 1234, 1234) == 0);
        refuse("link", "link");
    }
    unlink("link");
    remove_tree("real");
    mkdir("real", 0700);
    put_text("file", "x");
    refuse("file", "");
    unlink("file");
    mkdir("real/cases", 0700);
    chmod("real/cases", 0770);
    refuse("real", "cases: others own it or may write to it");
    remove_tree("real");
    mkdir("real", 0700);
    mkdir("elsewhere", 0700);
    put_text("elsewhere/a", "stays");
    test_true("link", symlink("../elsewhere", "real/objects") == 0);
    refuse("real", "objects: ");
    remove_tree("real");
    test_content("what the link leads to", "elsewhere/a", "stays");
    remove_tree("elsewhere");
    if (geteuid() != 0)
        return;
    mkdir("homes", 0755);
    mkdir("homes/user", 0755);
    test_true("user's", chown("homes/user", 1234, 1234) == 0);
    refuse("homes", "holds the folder user of another user");
    remove_tree("homes");
    mkdir("users", 0755);
    test_true("user's", chown("users", 1234, 1234) == 0);
    refuse("users", "others own it or may write to it");
    remove_tree("users");
    mkdir("shells", 0755); /* of the original: files of users in folders of root */
    mkdir("shells/home", 0755);
    put_text("shells/home/x.php", "x");
    put_text("shells/y.php", "y");
    test_true("user's", chown("shells/home/x.php", 1234, 1234) == 0);
    test_true("user's", chown("shells/y.php", 1234, 1234) == 0);
    vault_close(open_it("shells"));
    test_content("stays", "shells/home/x.php", "x");
    remove_tree("shells");
}

static void test_open_old(void)
{
    struct texts problems = {0};
    struct strbuf why = {0};
    test_true("none", vault_open_old("vault", &problems, &why) == NULL);
    test_true("nothing made", !is_there("vault"));
    mkdir("vault", 0700);
    test_true("empty", vault_open_old("vault", &problems, &why) == NULL);
    test_text("says", strbuf_text(&why),
              "vault: nothing was ever taken into it (it has no folder cases)");
    test_number("nothing made", rmdir("vault"), 0);
    vault_close(open_it("vault"));
    struct vault *vault = vault_open_old("vault", &problems, &why);
    test_true("opens", vault != NULL);
    vault_close(vault);
    texts_clear(&problems);
    strbuf_clear(&why);
    remove_tree("vault");
}

/* ---- full disks ---- */

static int take_and_tell(struct vault *vault, const char *path)
{
    struct examined e;
    struct strbuf why = {0};
    char id[VAULT_ID];
    examine(&e, path);
    int result = vault_take(vault, &e.file, id, &why);
    bool told = result == 0 || strstr(strbuf_text(&why), "not put into quarantine") != NULL;
    strbuf_clear(&why);
    close(e.file.fd);
    return !told ? 2 : result == 0 ? 0 : 1;
}

static int take_limited(void)
{
    struct rlimit limit = {20000, 20000};
    signal(SIGXFSZ, SIG_IGN);
    struct vault *vault = open_it("vault");
    if (setrlimit(RLIMIT_FSIZE, &limit) != 0)
        return 3;
    int result = take_and_tell(vault, "large");
    vault_close(vault);
    return result;
}

/* In a mount namespace of its own, where root may make one; 9 where not. */
static int take_into_little(void)
{
    if (geteuid() != 0 || unshare(CLONE_NEWNS) != 0 ||
        mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 || mkdir("vault", 0700) != 0 ||
        mount("none", "vault", "tmpfs", 0, "size=64k,mode=0700") != 0)
        return 9;
    struct vault *vault = open_it("vault");
    int result = take_and_tell(vault, "large");
    if (result == 1 && count_files("vault") != 1)
        result = 4;
    put_text("small", "y");
    if (result == 1 && take_and_tell(vault, "small") != 0)
        result = 5;
    vault_close(vault);
    return result;
}

static void test_full(const char *name, int (*run)(void), bool may_be_left_out)
{
    int status = 0;
    char *text = mem_alloc(100000);
    memset(text, 'x', 100000);
    put("large", text, 100000, 0644);
    fflush(stdout);
    pid_t child = fork();
    if (child == 0)
        _exit(run());
    test_true(name, waitpid(child, &status, 0) == child && WIFEXITED(status));
    test_true(name, WEXITSTATUS(status) == 1 || (may_be_left_out && WEXITSTATUS(status) == 9));
    struct stat st;
    test_true("the file stays", stat("large", &st) == 0 && st.st_size == 100000);
    unlink("large");
    unlink("small");
    remove_tree("vault");
    free(text);
}

/* ---- what a killed run left ---- */

static void say_begun(const char *id)
{
    struct vault *vault = open_it("vault");
    struct vault_case one;
    struct strbuf text = {0}, path = {0};
    test_number("reads", vault_case_read(vault, id, &one, NULL), 0);
    one.state = VAULT_BEGUN;
    vault_case_write(&one, &text);
    test_true("begun", strstr(strbuf_text(&text), "\nstate begun\n") != NULL);
    strbuf_format(&path, "vault/cases/%s", id);
    put(strbuf_text(&path), text.data, text.len, 0600);
    vault_case_clear(&one);
    strbuf_clear(&text);
    strbuf_clear(&path);
    vault_close(vault);
}

static void test_left(const char *id, const char *want_problem, enum vault_state want)
{
    struct texts problems = {0};
    struct strbuf why = {0};
    struct vault_case one;
    struct vault *vault = vault_open("vault", &problems, &why);
    test_true("opens", vault != NULL);
    test_true(want_problem, problems.len == 1 && strstr(problems.at[0], want_problem) != NULL);
    test_number("reads", vault_case_read(vault, id, &one, NULL), 0);
    test_number(want_problem, one.state, want);
    test_number("nothing half done", count_files("vault/new"), 0);
    vault_case_clear(&one);
    vault_close(vault);
    texts_clear(&problems);
    strbuf_clear(&why);
}

static void test_after_a_kill(void)
{
    struct vault *vault = open_it("vault");
    struct examined e;
    char id[VAULT_ID];
    put_text("a", "x");
    examine(&e, "a");
    test_number("keeps", vault_keep(vault, &e.file, id, NULL), 0);
    close(e.file.fd);
    vault_close(vault);
    say_begun(id);
    put_text("vault/new/.spamgear-0123", "half");
    test_left(id, "the file is still there, and here is a copy", VAULT_KEPT);
    say_begun(id);
    unlink("a");
    test_left(id, "the file is gone from there, and here is a copy", VAULT_TAKEN);
    say_begun(id);
    put_text("b", "a file");
    put_text("a", "another file");
    unlink("b");
    test_left(id, "the file is gone from there, and here is a copy", VAULT_TAKEN);
    unlink("a");
    remove_tree("vault");
}

/* What is half done in a run that still lives is not touched. */
static void test_beside_another(void)
{
    struct vault *first = open_it("vault");
    put_text("vault/new/.spamgear-0123", "half");
    struct vault *second = open_it("vault");
    test_true("untouched", is_there("vault/new/.spamgear-0123"));
    char a[VAULT_ID], b[VAULT_ID];
    put_text("a", "same");
    put_text("b", "same");
    take(first, "a", a, "");
    take(second, "b", b, "");
    restore(first, b, NULL, "");
    restore(second, a, NULL, "");
    test_content("a", "a", "same");
    test_content("b", "b", "same");
    vault_close(first);
    vault_close(second);
    vault_close(open_it("vault"));
    test_true("alone it is", !is_there("vault/new/.spamgear-0123"));
    unlink("a");
    unlink("b");
    remove_tree("vault");
}

int main(void)
{
    if (mkdtemp(base) == NULL || chdir(base) != 0)
        return 1;
    clock_pin(NOW);
    umask(022);
    test_there_and_back();
    test_sparse();
    test_large();
    test_folders_acl();
    test_case_says();
    test_attacks();
    test_hash_told();
    test_swapped_folder();
    test_itself();
    test_delete();
    test_shared_content();
    test_unreadable_case();
    test_damaged_content();
    test_never_over();
    test_never_through();
    test_find();
    test_dates();
    test_unsafe_folders();
    test_open_old();
    test_full("files may not get large", take_limited, false);
    test_full("a small disk", take_into_little, true);
    test_after_a_kill();
    test_beside_another();
    test_number("nothing is left", count_files("."), 0);
    test_true("folder is empty", rmdir(base) == 0);
    return test_end();
}
