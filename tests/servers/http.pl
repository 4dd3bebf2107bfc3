# http.pl PORT - an HTTP server on loopback that says what it is asked to: GET /STATUS/REST
# answers with that status, REST as Location when it is a redirect, else as its body.
use strict;
use warnings;
use IO::Socket::IP;

$SIG{PIPE} = 'IGNORE';
my $server = IO::Socket::IP->new(
    LocalHost => '127.0.0.1', LocalPort => $ARGV[0], Listen => 5, ReuseAddr => 1)
    or die "listen: $@\n";
while (my $client = $server->accept) {
    my ($status, $rest) = (<$client> // '') =~ m{^GET /(\d+)/(\S*) };
    while (my $line = <$client>) { last if $line =~ /^\r?\n$/ }
    $status //= 400;
    $rest //= '';
    $rest =~ s/%([0-9a-f]{2})/chr hex $1/gei;
    print $client "HTTP/1.1 $status X\r\nConnection: close\r\n",
        $status =~ /^3/ ? "Location: $rest\r\nContent-Length: 0\r\n\r\n"
        : 'Content-Length: ' . length($rest) . "\r\n\r\n$rest";
    close $client;
}
