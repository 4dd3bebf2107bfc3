# senders.pl FILE - a checker's NDJSON as a sorted table, one sender a line:
#     kind|sender|messages|recipients|addresses|failed
# and of its last line:
#     summary|senders|failed|unparsed|forged
# (failed counts names that have sent nothing, too; they have no line of their own).
# A line that is not one flat answer of a checker is printed as it is, so that no
# comparison can succeed by accident. perl-base has no JSON module, hence by hand.
use strict;
use warnings;

my @columns = qw(kind sender messages recipients addresses failed);
my %plain = ('n' => "\n", 't' => "\t", 'r' => "\r", 'b' => "\b", 'f' => "\f");

sub unescape {
    my ($text) = @_;
    $text =~ s{\\(?:u([0-9a-fA-F]{4})|(.))}
              {defined $1 ? chr hex $1 : exists $plain{$2} ? $plain{$2} : $2}ge;
    return $text;
}

my ($name) = @ARGV;
open my $file, '<', $name or die "$name: $!\n";
my @rows;
while (my $line = <$file>) {
    chomp $line;
    my %value;
    my @wanted = $line =~ s/^\{"schema":1,"summary":\{/{"kind":"summary",/
        ? qw(kind senders failed unparsed forged) : @columns;
    while ($line =~ /"(\w+)":(?:"((?:[^"\\]|\\.)*)"|(-?\d+))/g) {
        $value{$1} //= defined $2 ? unescape($2) : $3;
    }
    my $whole = !grep { !defined $value{$_} } @wanted;
    push @rows, $whole ? join('|', @value{@wanted}) : "not understood: $line";
}
print map { "$_\n" } sort @rows;
