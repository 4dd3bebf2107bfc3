# smtp.pl SERVER PORT LOCAL-ADDRESS <SCRIPT - a small SMTP client that can also misbehave.
#
# Script, one step a line:
#     CODE COMMAND     sends COMMAND, wants a reply whose code begins with CODE
#     CODE auth USER PASSWORD       AUTH PLAIN with these (blanks in USER as %20)
#     CODE message TEXT...          DATA, a short mail with TEXT as its subject, the final dot
# "hello" in place of CODE COMMAND is short for: 250 EHLO client.example
# The greeting is awaited before the first step. Status 1 and the dialogue when a reply
# is not the wanted one. LOCAL-ADDRESS is what the client connects from.
#
# smtp.pl --probe SERVER PORT : status 0 when a connection is possible
# smtp.pl --free N            : N ports that are free on 127.0.0.1 and ::1; of the 200 from
#                               $SPAMGEAR_PORTS on, where tests run beside each other
use strict;
use warnings;
use IO::Socket::IP;

sub connection {
    my ($server, $port, $local) = @_;
    return IO::Socket::IP->new(
        PeerHost => $server, PeerPort => $port, Timeout => 20,
        $local ? (LocalHost => $local) : ());
}

sub is_free {
    my ($port) = @_;
    for my $host ('127.0.0.1', '::1') {
        my $socket = IO::Socket::IP->new(LocalHost => $host, LocalPort => $port, Listen => 1);
        return 0 unless $socket;
    }
    return 1;
}

sub free_ports {
    my ($wanted) = @_;
    my ($first, $count) = $ENV{SPAMGEAR_PORTS} ? ($ENV{SPAMGEAR_PORTS}, 200) : (20000, 10000);
    my %found;
    for (1 .. 1000) {
        last if keys %found == $wanted;
        my $port = $first + int rand $count;
        $found{$port} = 1 if is_free($port);
    }
    print join(' ', keys %found), "\n";
    return keys %found == $wanted ? 0 : 1;
}

sub base64 {
    my ($text) = @_;
    my $out = '';
    while ($text =~ /(.{1,3})/gs) {
        my $part = substr pack('u', $1), 1, 4;
        $part =~ tr{`!-_}{AB-Za-z0-9+/};
        substr($part, length($1) + 1) = '=' x (3 - length $1) if length $1 < 3;
        $out .= $part;
    }
    return $out;
}

my @dialogue;

sub expect {
    my ($socket, $code) = @_;
    while (my $line = <$socket>) {
        push @dialogue, "S: $line";
        next if $line =~ /^\d{3}-/;
        return if $line =~ /^\Q$code\E/;
        last;
    }
    die "wanted $code\n", @dialogue;
}

sub say_line {
    my ($socket, $text) = @_;
    push @dialogue, "C: $text\n";
    print $socket "$text\r\n";
}

sub step {
    my ($socket, $code, $command) = @_;
    if ($command =~ /^auth (\S+) (\S+)$/) {
        my ($user, $password) = ($1, $2);
        $user =~ s/%20/ /g;
        $command = 'AUTH PLAIN ' . base64("\0$user\0$password");
    } elsif ($command =~ /^message (.*)$/) {
        my $subject = $1;
        say_line($socket, 'DATA');
        expect($socket, '354');
        say_line($socket, "Subject: $subject\r\nTo: <somebody\@example.com>\r\n\r\nHello\r\n.");
        return expect($socket, $code);
    }
    say_line($socket, $command);
    expect($socket, $code);
}

if ($ARGV[0] eq '--free') {
    exit free_ports($ARGV[1]);
}
if ($ARGV[0] eq '--probe') {
    exit(connection($ARGV[1], $ARGV[2]) ? 0 : 1);
}

my ($server, $port, $local) = @ARGV;
my $socket = connection($server, $port, $local) or die "$server:$port from $local: $@\n";
$socket->autoflush(1);
$SIG{PIPE} = 'IGNORE'; # the server may hang up first
alarm 60;
expect($socket, '220');
while (my $line = <STDIN>) {
    chomp $line;
    next if $line =~ /^\s*(#|$)/;
    $line = '250 EHLO client.example' if $line eq 'hello';
    my ($code, $command) = split / /, $line, 2;
    step($socket, $code, $command);
}
print $socket "QUIT\r\n";
1 while <$socket>;
