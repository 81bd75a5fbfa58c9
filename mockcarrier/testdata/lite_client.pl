# Calls every operation with SOAP::Lite; arguments: WSDL, SOAP version, day.
use strict;
use warnings;
use utf8;
use List::Util qw(sum0);
use SOAP::Lite;
binmode STDOUT, ':utf8';

my ($wsdl, $version, $today) = @ARGV;
# Class-wide: setting it on an object writes an envelope of neither version.
SOAP::Lite->import(); SOAP::Lite->soapversion($version);

# The address comes from the WSDL; the wrapped style needs the elements named.
my ($address) = SOAP::Schema->schema_url($wsdl)->access =~ /address location="([^"]+)"/ or die "no address in $wsdl";
my $soap = SOAP::Lite->proxy($address)->default_ns('urn:oalab:carrier:1')->on_fault(sub { $_[1] });
my ($serial, $phone) = ("LITE$version", '13800000000');

sub call {
    my ($op, @fields) = @_;
    my @data;
    while (my ($name, $value) = splice @fields, 0, 2) {
        push @data, SOAP::Data->name($name => $value)->type('string');
    }
    return $soap->call($op => @data);
}
sub truth { return $_[0] ? 'True' : 'False' }
sub field { my ($answer, $name) = @_; return $answer->valueof("//$name") }
sub code { return field($_[0], 'RspCode') }

my $order = call('OrderProduct', Serial => $serial, Msisdn => $phone, ProductCode => 'DM5');
print "order ", code($order), " ", field($order, 'Serial'), "\n";
my $again = call('OrderProduct', Serial => $serial, Msisdn => $phone, ProductCode => 'DM5');
print "again ", code($again), " ", truth(field($again, 'OrderID') eq field($order, 'OrderID')), "\n";
my $refused = call('OrderProduct', Serial => $serial . 'X', Msisdn => $phone, ProductCode => 'P<&>', ClientIP => '192.0.2.1');
print "refused ", code($refused), " ", field($refused, 'OrderID') // 'None', "\n";
my $state = call('QueryOrder', Serial => $serial);
print "state ", code($state), " ", field($state, 'State'), "\n";
my $usage = call('QueryUsage', Msisdn => $phone, Month => '202601');
my @resources = field($usage, 'Resource');
my $data = $resources[0];
print "usage ", code($usage), " ", scalar @resources, " $data->{Type} $data->{Unit} ", truth($data->{Used} + $data->{Left} == $data->{Total}), "\n";
my $sms = call('SendSMS', Serial => $serial, Msisdn => $phone, Text => '流量 <1> & ]]> "2"');
print "sms ", code($sms), " ", truth(field($sms, 'MessageID')), "\n";

my $topped = call('TopUp', Serial => $serial, Msisdn => $phone, Fen => 5000);
my $balance = call('QueryBalance', Msisdn => $phone);
print "topup ", code($topped), " ", truth(field($topped, 'Balance') == field($balance, 'Balance')), "\n";
my $paid = call('QueryOrder', Serial => $serial, Called => 'TopUp');
print "topup state ", field($paid, 'State'), " ", truth(field($paid, 'OrderID') eq field($topped, 'OrderID')), "\n";
my $day = call('QueryBillDay', Msisdn => $phone, Day => $today);
my @items = field($day, 'Item');
my $day_fen = $day->valueof('//QueryBillDayResponse/Fen');
print "day ", code($day), " ", truth(sum0(map { $_->{Fen} } @items) == $day_fen),
    " [", join(', ', map { $_->{Fen} } grep { $_->{Name} eq '5元流量月包' } @items), "]\n";
my $month = call('QueryBillMonth', Msisdn => $phone, Month => substr($today, 0, 6));
my $month_fen = $month->valueof('//QueryBillMonthResponse/Fen');
print "month ", code($month), " ", truth(sum0(map { $_->{Fen} } field($month, 'Item')) == $month_fen), " ", truth($month_fen >= $day_fen), "\n";
my $pack = call('QueryPackage', Msisdn => $phone);
print "package ", code($pack), " ['", join("', '", map { $_->{Type} } field($pack, 'Resource')), "'] ", truth(field($pack, 'PackageName')), "\n";
my $points = call('QueryPoints', Msisdn => $phone);
print "points ", code($points), " ", truth(field($points, 'Points') > 0), "\n";
my $history = call('QueryPointsHistory', Msisdn => $phone, Count => 2);
my @changes = field($history, 'Change');
print "history ", code($history), " ", scalar @changes, " $changes[0]{Points} $changes[0]{Reason}\n";
my $change = call('ChangePackage', Serial => $serial, Msisdn => $phone, PackageCode => 'M0', Effective => 'next');
print "change ", code($change), " ", field($change, 'OrderID') // 'None', "\n";
my $gift = call('RedeemData', Serial => $serial, Msisdn => $phone, MB => 500, Campaign => 'A1');
print "gift ", code($gift), " ", truth(field($gift, 'OrderID')), "\n";
my $password = call('CheckPassword', Msisdn => $phone, Password => 'wrong');
print "password ", code($password), " ", field($password, 'Left'), "\n";
my $whose = call('QueryNumber', Msisdn => $phone);
print "whose ", code($whose), " ", field($whose, 'Carrier'), " ", field($whose, 'Own'), " ", truth(field($whose, 'City')), "\n";
my $sent = call('SendCode', Serial => $serial, Msisdn => $phone, Code => '012345', Minutes => 5);
print "code ", code($sent), " ", truth(field($sent, 'MessageID')), "\n";
my $fault = call('QueryOrder', Serial => '9' x 65);
# The accessors of a fault know SOAP 1.1 only.
my ($kind, $reason) = $version eq '1.2'
    ? ($fault->valueof('//Fault/Code/Value'), $fault->valueof('//Fault/Reason/Text'))
    : ($fault->faultcode, $fault->faultstring);
$kind =~ s/.*://;
print "fault $kind $reason\n";
