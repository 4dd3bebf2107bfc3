/* process_sockets - who talks to mail servers: /proc/PID/net/tcp and tcp6 (proc(5)).
 *
 * A line has, among others, the peer's address and port in hex, the state and the inode of the
 * socket. Addresses are words of the machine's byte order. Each network namespace has its own
 * tables.
 */
#include "process_parts.h"

#include "spamgear/base/addr.h"
#include <arpa/inet.h>
#include <stdio.h>

#define TABLE_BYTES  (64u << 20)
#define STATE_LISTEN 0x0a

static bool is_mail_port(unsigned port)
{
    return port == 25 || port == 465 || port == 587;
}

static bool is_loopback(const struct addr *addr)
{
    struct prefix v4, v6;
    return (prefix_parse(SPAN("127.0.0.0/8"), &v4) && prefix_holds(&v4, addr)) ||
           (prefix_parse(SPAN("::1"), &v6) && prefix_holds(&v6, addr));
}

/* "0100007F" or 32 digits: one or four words. */
static bool read_address(const char *hex, struct addr *addr)
{
    uint32_t words[4] = {0, 0, htonl(0xffff), 0};
    size_t digits = strspn(hex, "0123456789ABCDEF");
    if (digits != 8 && digits != 32)
        return false;
    for (size_t i = 0; i < digits / 8; i++) {
        char word[9] = "";
        memcpy(word, hex + 8 * i, 8);
        words[digits == 8 ? 3 : i] = (uint32_t)strtoul(word, NULL, 16);
    }
    memcpy(addr->bytes, words, sizeof addr->bytes);
    return true;
}

/* Every number of a line is the kernel's, so a line that does not fit is the heading. */
static void read_line(struct mail_sockets *sockets, const char *line)
{
    char own[40], peer[40], text[46];
    unsigned port, state;
    unsigned long inode;
    struct addr addr;
    bool added;
    if (sscanf(line, " %*u: %33[0-9A-F]:%*x %33[0-9A-F]:%x %x %*x:%*x %*x:%*x %*x %*u %*u %lu", own,
               peer, &port, &state, &inode) != 5 ||
        state == STATE_LISTEN || !is_mail_port(port) || !read_address(peer, &addr) ||
        is_loopback(&addr) || strcmp(own, peer) == 0) /* our own mail server, by its address */
        return;
    struct strbuf key = {0};
    strbuf_format(&key, "%lu", inode);
    map_put(&sockets->inodes, strbuf_span(&key), &added);
    strbuf_clear(&key);
    addr_format(&addr, text);
    if (added)
        texts_format(&sockets->peers, addr_is_v4(&addr) ? "%s:%u" : "[%s]:%u", text, port);
}

static void read_table(struct mail_sockets *sockets, int procdir, const char *name)
{
    struct strbuf table = {0};
    if (process_read(procdir, name, TABLE_BYTES, &table)) {
        char *rest = table.data, *line;
        while ((line = strsep(&rest, "\n")) != NULL)
            read_line(sockets, line);
    }
    strbuf_clear(&table);
}

void mail_sockets_read(struct mail_sockets *sockets, int procdir)
{
    struct strbuf space = {0};
    bool added = false;
    if (process_link(procdir, "ns/net", &space))
        map_put(&sockets->spaces, strbuf_span(&space), &added);
    strbuf_clear(&space);
    if (!added)
        return;
    read_table(sockets, procdir, "net/tcp");
    read_table(sockets, procdir, "net/tcp6");
}

const char *mail_sockets_peer(const struct mail_sockets *sockets, const char *link)
{
    struct span inode = span_text(link);
    if (!span_has_prefix(inode, SPAN("socket:[")) || !span_has_suffix(inode, SPAN("]")))
        return NULL;
    uint32_t number = map_get(&sockets->inodes, (struct span){inode.at + 8, inode.len - 9});
    return number == MAP_NONE ? NULL : sockets->peers.at[number];
}

void mail_sockets_clear(struct mail_sockets *sockets)
{
    map_clear(&sockets->spaces);
    map_clear(&sockets->inodes);
    texts_clear(&sockets->peers);
}
