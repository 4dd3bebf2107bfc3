/* vault_case - manifests: what is written is read again; nothing else is believed. */
#include "spamgear/react/vault.h"

#include "test.h"
#include <stdlib.h>
#include <sys/sysmacros.h>

#define ID    "20261121-224605-7f3a1c"
#define HASH  "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define HEAD  "spamgear-case 1\n"
#define FIRST "id " ID "\nstate taken\nwhen 1795284000\n"
#define TEXTS "path /home/u/a.php\nreason quarantined\nhits [CUSTOM] [X.1]\n"
#define NUMBERS                                                                                    \
    "sha256 " HASH "\nsize 14\nowner 1000\ngroup 1001\nmode 0644\nlinks 1\ninode 254:1 77\n"
#define TIMES "accessed 1.000000002\nmodified 3.000000004\nchanged 5.000000006\n"
#define GOOD  HEAD FIRST TEXTS NUMBERS TIMES

static const struct {
    const char *name, *text, *why; /* why NULL: is read, and written as it was */
} cases[] = {
    {"plain", GOOD "end\n", NULL},
    {"attributes",
     GOOD "attributes-left-out 2\nattribute user.a \\x00\\xff\\x20\n"
          "attribute user.\\x20\\x0a \nend\n",
     NULL},
    {"newline in the path",
     HEAD FIRST "path /a\\x0amode 4755 set-ID\nreason r\nhits \n" NUMBERS TIMES "end\n", NULL},
    {"blanks and bytes",
     HEAD FIRST "path /a b/\\xc3\\xa4\\x5cx41\nreason r\nhits a b\n" NUMBERS TIMES "end\n", NULL},
    {"dots are no way up",
     HEAD FIRST "path /a/.../..b/b../.x\nreason r\nhits h\n" NUMBERS TIMES "end\n", NULL},
    {"empty", "", "no manifest, or not all of one"},
    {"cut", GOOD "en", "no manifest, or not all of one"},
    {"cut at a line", GOOD, "no manifest, or not all of one"},
    {"end alone", "\nend\n", "no manifest that this version can read"},
    {"other version", "spamgear-case 2\n" FIRST "end\n", "no manifest that this version can read"},
    {"nothing in it", HEAD "end\n", "id is missing"},
    {"one missing", HEAD FIRST TEXTS NUMBERS "accessed 1.000000002\nmodified 3.000000004\nend\n",
     "changed is missing"},
    {"twice", GOOD "mode 0644\nend\n", "line 18: mode stands there twice"},
    {"unknown", GOOD "run /bin/sh\nend\n", "line 18: an unknown line"},
    {"no value", GOOD "attributes-left-out\nend\n", "line 18: an unknown line"},
    {"empty line", GOOD "\nend\n", "line 18: an unknown line"},
    {"end before the end", GOOD "end\nend\n", "line 18: an unknown line"},
    {"id", HEAD "id ../../../etc/passwd1234\nend\n", "line 2: id is not one"},
    {"id too long", HEAD "id 20261121-224605-7f3a1c000000000000000\nend\n",
     "line 2: id is not one"},
    {"id in capitals", HEAD "id 20261121-224605-7F3A1C\nend\n", "line 2: id is not one"},
    {"state", HEAD "state gone\nend\n", "line 2: state is not one"},
    {"when", HEAD "when -1\nend\n", "line 2: when is not one"},
    {"when too late", HEAD "when 253402300800\nend\n", "line 2: when is not one"},
    {"relative path", HEAD "path a/b\nend\n", "line 2: path is not one"},
    {"path upwards", HEAD "path /home/u/../../etc/passwd\nend\n", "line 2: path is not one"},
    {"path upwards in disguise", HEAD "path /home/\\x2e./x\nend\n", "line 2: path is not one"},
    {"path ends upwards", HEAD "path /home/..\nend\n", "line 2: path is not one"},
    {"path of a folder", HEAD "path /home/\nend\n", "line 2: path is not one"},
    {"path of itself", HEAD "path /home/.\nend\n", "line 2: path is not one"},
    {"root", HEAD "path /\nend\n", "line 2: path is not one"},
    {"empty path", HEAD "path \nend\n", "line 2: path is not one"},
    {"NUL in the path", HEAD "path /etc/passwd\\x00.php\nend\n", "line 2: path is not one"},
    {"half an escape", HEAD "path /a\\x0\nend\n", "line 2: path is not one"},
    {"another escape", HEAD "path /a\\n\nend\n", "line 2: path is not one"},
    {"capital escape", HEAD "path /a\\x0A\nend\n", "line 2: path is not one"},
    {"raw control", HEAD "path /a\033[2J\nend\n", "line 2: path is not one"},
    {"raw UTF-8", HEAD "path /\xc3\xa4\nend\n", "line 2: path is not one"},
    {"short hash", HEAD "sha256 e3b0c4\nend\n", "line 2: sha256 is not one"},
    {"long hash", HEAD "sha256 " HASH "00\nend\n", "line 2: sha256 is not one"},
    {"hash of other letters",
     HEAD "sha256 g3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\nend\n",
     "line 2: sha256 is not one"},
    {"negative size", HEAD "size -1\nend\n", "line 2: size is not one"},
    {"size too large", HEAD "size 9223372036854775808\nend\n", "line 2: size is not one"},
    {"owner that means nobody", HEAD "owner 4294967295\nend\n", "line 2: owner is not one"},
    {"group", HEAD "group 0x0\nend\n", "line 2: group is not one"},
    {"set-user-ID without saying so", HEAD "mode 4755\nend\n", "line 2: mode is not one"},
    {"set-group-ID without saying so", HEAD "mode 2755\nend\n", "line 2: mode is not one"},
    {"saying so without", HEAD "mode 0755 set-ID\nend\n", "line 2: mode is not one"},
    {"mode of a device", HEAD "mode 60644\nend\n", "line 2: mode is not one"},
    {"mode 8", HEAD "mode 0648\nend\n", "line 2: mode is not one"},
    {"no links", HEAD "links 0\nend\n", "line 2: links is not one"},
    {"inode", HEAD "inode 254:1\nend\n", "line 2: inode is not one"},
    {"inode without device", HEAD "inode 254 1 2\nend\n", "line 2: inode is not one"},
    {"time", HEAD "modified 5\nend\n", "line 2: modified is not one"},
    {"time with too many digits", HEAD "modified 5.0000000001\nend\n",
     "line 2: modified is not one"},
    {"time with a sign within", HEAD "modified 5.-00000001\nend\n", "line 2: modified is not one"},
    {"attribute without name", HEAD "attribute  x\nend\n", "line 2: attribute is not one"},
    {"attribute with NUL", HEAD "attribute user.\\x00 x\nend\n", "line 2: attribute is not one"},
};

static void test_cases(void)
{
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct vault_case one;
        struct strbuf why = {0}, again = {0};
        int result = vault_case_parse(&one, span_text(cases[i].text), &why);
        test_number(cases[i].name, result, cases[i].why == NULL ? 0 : -1);
        test_text(cases[i].name, strbuf_text(&why), cases[i].why == NULL ? "" : cases[i].why);
        if (result == 0) {
            vault_case_write(&one, &again);
            test_text(cases[i].name, strbuf_text(&again), cases[i].text);
        }
        vault_case_clear(&one);
        strbuf_clear(&why);
        strbuf_clear(&again);
    }
}

static void test_fields(void)
{
    struct vault_case one;
    static const char text[] = GOOD "attributes-left-out 3\nattribute user.a \\x00b\nend\n";
    test_number("reads", vault_case_parse(&one, SPAN(text), NULL), 0);
    test_text("id", one.id, ID);
    test_number("state", one.state, VAULT_TAKEN);
    test_text("state's name", vault_state_name(one.state), "taken");
    test_number("when", one.when, 1795284000);
    test_text("path", one.path, "/home/u/a.php");
    test_text("reason", one.reason, "quarantined");
    test_text("hits", one.hits, "[CUSTOM] [X.1]");
    test_number("hash", one.hash[0] << 8 | one.hash[31], 0xe355);
    test_number("size", one.st.st_size, 14);
    test_number("owner", one.st.st_uid, 1000);
    test_number("group", one.st.st_gid, 1001);
    test_number("mode", one.st.st_mode, S_IFREG | 0644);
    test_number("device", (int64_t)one.st.st_dev, (int64_t)makedev(254, 1));
    test_number("inode", (int64_t)one.st.st_ino, 77);
    test_number("mtime", one.st.st_mtim.tv_sec * 10 + one.st.st_mtim.tv_nsec, 34);
    test_number("left out", one.attributes.left_out, 3);
    test_number("attributes", (int64_t)one.attributes.len, 1);
    test_text("name", one.attributes.at[0].name, "user.a");
    test_bytes("value", one.attributes.at[0].value.data, one.attributes.at[0].value.len, "\0b", 2);
    vault_case_clear(&one);
}

/* The most that a file can bring along is still read again. */
static void test_extremes(void)
{
    struct vault_case one = {.id = ID, .state = VAULT_KEPT}, again;
    struct strbuf path = {0}, text = {0}, third = {0}, why = {0};
    strbuf_add_char(&path, '/');
    while (path.len < 65536)
        strbuf_add_char(&path, '\n');
    one.path = strbuf_take(&path);
    one.hits = mem_text("\x7f\xff\t\\");
    one.reason = mem_text("");
    one.st.st_mode = S_IFREG | 07777;
    one.st.st_nlink = 1;
    one.st.st_ino = UINT64_MAX;
    one.st.st_size = INT64_MAX;
    one.st.st_mtim = (struct timespec){-INT64_MAX, 999999999};
    one.st.st_ctim = (struct timespec){INT64_MAX, 0};
    char *value = mem_zero(1, ATTRIBUTES_BYTES);
    attributes_add(&one.attributes, SPAN("user.x"), (struct span){value, ATTRIBUTES_BYTES - 6});
    vault_case_write(&one, &text);
    test_number("extremes", vault_case_parse(&again, strbuf_span(&text), &why), 0);
    test_text("extremes", strbuf_text(&why), "");
    vault_case_write(&again, &third);
    test_true("the same", span_is(strbuf_span(&third), strbuf_span(&text)));
    test_true("within what is read from disk", text.len < 1 << 20);
    vault_case_clear(&again);
    attributes_add(&one.attributes, SPAN("y"), SPAN(""));
    strbuf_reset(&text);
    vault_case_write(&one, &text);
    test_number("a byte more", vault_case_parse(&again, strbuf_span(&text), &why), -1);
    vault_case_clear(&again);
    vault_case_clear(&one);
    strbuf_clear(&text);
    strbuf_clear(&third);
    strbuf_clear(&why);
    free(value);
}

int main(void)
{
    struct strbuf why = {0};
    test_number("digest", digest_load(&why), 0);
    test_cases();
    test_fields();
    test_extremes();
    strbuf_clear(&why);
    return test_end();
}
