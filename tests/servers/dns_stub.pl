# dns_stub.pl PORT [UPSTREAM] - a name server on loopback that misbehaves as the zone's name asks:
#
#   silent      no answer          garbage   40 bytes of rubbish behind the header
#   servfail    SERVFAIL           refused   REFUSED
#   late        after 300 ms, then as "lists"
#   lists       a good list: 127.0.0.2 (TXT: what a spammer would like to write), and 192.0.2.66
#   cut         an answer that ends inside its record
#   host        A 192.0.2.66, AAAA 2001:db8::66
#   loop        a name that points at itself
#
# Everything else goes to UPSTREAM, a port on loopback; without one it is NXDOMAIN.
use strict;
use warnings;
use IO::Socket::IP;
use IO::Select;

my ($port, $upstream) = @ARGV;
my $socket = IO::Socket::IP->new(LocalHost => '127.0.0.1', LocalPort => $port, Proto => 'udp')
    or die "bind: $@\n";
my (%waiting, @late);

sub record { pack('n n n N n/a*', 0xc00c, $_[0], 1, 60, $_[1]) }

sub answer {
    my ($question, $rcode, @records) = @_;
    my $end = 12;
    $end += 1 + ord substr $question, $end, 1 while ord substr $question, $end, 1;
    return substr($question, 0, 2) . pack('n5', 0x8180 | $rcode, 1, scalar @records, 0, 0)
        . substr($question, 12, $end + 5 - 12) . join '', @records;
}

sub listed {
    my ($question, $name, $type) = @_;
    return answer($question, 3) if $name !~ /^(2\.0\.0\.127|66\.2\.0\.192|test)\./i;
    return answer($question, 0, record(16, pack 'C/a*', "a|b\nc\e[31m|d" . 'x' x 200)) if $type == 16;
    return answer($question, 0, record(1, pack 'C4', 127, 0, 0, 2));
}

my %behave = (
    silent   => sub { undef },
    garbage  => sub { substr($_[0], 0, 2) . "\xee" x 40 },
    servfail => sub { answer($_[0], 2) },
    refused  => sub { answer($_[0], 5) },
    lists    => \&listed,
    late     => sub { push @late, [time_ms() + 300, $_[3], listed(@_)]; undef },
    cut      => sub { substr answer($_[0], 0, record(1, pack 'C4', 127, 0, 0, 2)), 0, -2 },
    loop     => sub { answer($_[0], 0, pack('n n n N n/a*', 0xc000 + length $_[0], 1, 1, 60, '')) },
    host     => sub {
        my ($question, $name, $type) = @_;
        return answer($question, 0, record(1, pack 'C4', 192, 0, 2, 66)) if $type == 1;
        return answer($question, 0, record(28, pack 'n8', 0x2001, 0xdb8, 0, 0, 0, 0, 0, 0x66));
    },
);

sub time_ms { require Time::HiRes; return Time::HiRes::time() * 1000 }

sub parse {
    my ($packet) = @_;
    my ($at, @labels) = (12);
    while ((my $length = ord substr $packet, $at, 1) > 0) {
        push @labels, substr $packet, $at + 1, $length;
        $at += 1 + $length;
    }
    return (join('.', @labels), unpack 'n', substr $packet, $at + 1, 2);
}

my $forward = IO::Socket::IP->new(PeerHost => '127.0.0.1', PeerPort => $upstream || 9, Proto => 'udp');
my $select = IO::Select->new($socket, $forward);
while (1) {
    for my $ready ($select->can_read(0.02)) {
        my $from = $ready->recv(my $packet, 4096);
        next if !defined $from || length $packet < 17;
        if ($ready == $forward) {
            my $to = delete $waiting{substr $packet, 0, 2};
            $socket->send($packet, 0, $to) if $to;
            next;
        }
        my ($name, $type) = parse($packet);
        my ($how) = grep { $name =~ /(^|\.)$_\d*\.test$/i } keys %behave;
        if ($how) {
            my $reply = $behave{$how}->($packet, $name, $type, $from);
            $socket->send($reply, 0, $from) if defined $reply;
        } elsif ($upstream) {
            $waiting{substr $packet, 0, 2} = $from;
            $forward->send($packet);
        } else {
            $socket->send(answer($packet, 3), 0, $from);
        }
    }
    while (@late && $late[0][0] <= time_ms()) {
        my (undef, $to, $reply) = @{shift @late};
        $socket->send($reply, 0, $to);
    }
}
