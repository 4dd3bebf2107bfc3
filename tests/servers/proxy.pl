# proxy.pl PORT TO-PORT FILE - a network that can be bad: hands bytes on between two ports of loopback.
# FILE says how, and is looked at again and again:
#     pass      as they come
#     delay MS  each piece so much later, both ways
#     hold      nothing goes through, nobody is told: a cable that was pulled
#     cut       connections are reset, new ones refused
#     cut N     once, as soon as N bytes went to TO-PORT; then pass
use strict;
use warnings;
use IO::Socket::INET;
use IO::Select;
use Socket qw(SOL_SOCKET SO_LINGER);
use Time::HiRes qw(time);

my ($port, $to, $file) = @ARGV;
my ($listener, %peer, %queue, %server, $bytes);
my ($last, $base) = ('', 0);
$bytes = 0;

sub order {
    open my $in, '<', $file or return $last;
    my $line = <$in> // '';
    chomp $line;
    ($last, $base) = ($line, $bytes) if $line ne '' && $line ne $last;
    return $last;
}

sub reset_pair {
    my ($one) = @_;
    my $two = $peer{$one} or return;
    for my $socket ($one, $two) {
        setsockopt $socket, SOL_SOCKET, SO_LINGER, pack 'ii', 1, 0;
        delete $queue{$socket};
        delete $server{$socket};
    }
    delete $peer{$one};
    delete $peer{$two};
    close $one;
    close $two;
}

my %socket; # by name
while (1) {
    my $order = order();
    if ($order eq 'cut') {
        reset_pair($_) for grep { $peer{$_} } values %socket;
        close $listener if $listener;
        undef $listener;
    } elsif (!$listener) {
        $listener = IO::Socket::INET->new(LocalAddr => '127.0.0.1', LocalPort => $port, Listen => 20,
            ReuseAddr => 1) or die "$port: $!";
    }
    %socket = map { $_ => $_ } grep { $peer{$_} } values %socket;
    my $wait = $order =~ /^delay/ ? 0.002 : 0.02;
    my @ready = IO::Select->new($listener // (), $order eq 'hold' ? () : values %socket)->can_read($wait);
    select undef, undef, undef, 0.02 if !$listener;
    for my $ready (@ready) {
        if ($listener && $ready == $listener) {
            my $client = $listener->accept or next;
            my $server = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $to);
            if (!$server) { close $client; next }
            $_->blocking(1), $_->autoflush(1) for $client, $server;
            ($peer{$client}, $peer{$server}) = ($server, $client);
            $server{$server} = 1;
            $socket{$_} = $_ for $client, $server;
            next;
        }
        my $from = $peer{$ready} or next;
        my $got = sysread $ready, my $piece, 65536;
        if (!$got) { reset_pair($ready); next }
        my $later = $order =~ /^delay (\d+)/ ? $1 / 1000 : 0;
        push @{$queue{$ready}}, [time + $later, $piece];
    }
    for my $from (values %socket) {
        my $to_socket = $peer{$from} or next;
        while ($peer{$from} && @{$queue{$from} // []} && $queue{$from}[0][0] <= time) {
            my $piece = (shift @{$queue{$from}})->[1];
            if (!$server{$from}) {
                my $left = $order =~ /^cut (\d+)/ ? $base + $1 - $bytes : -1;
                $bytes += length $piece;
                if ($left >= 0 && $left <= length $piece) {
                    syswrite $to_socket, $piece, $left; # the rest never comes
                    reset_pair($from);
                    open my $out, '>', $file;
                    print $out "pass\n";
                    close $out;
                    last;
                }
            }
            local $SIG{PIPE} = 'IGNORE';
            my $at = 0;
            while ($at < length $piece) {
                my $put = syswrite $to_socket, $piece, length($piece) - $at, $at;
                if (!defined $put) { reset_pair($from); last }
                $at += $put;
            }
        }
    }
}
