# Calls every operation with SOAP::Lite; arguments: WSDL, SOAP version.
use strict;
use warnings;
use utf8;
use SOAP::Lite;
binmode STDOUT, ':utf8';

my ($wsdl, $version) = @ARGV;
# Class-wide: setting it on an object writes an envelope of neither version.
SOAP::Lite->import(); SOAP::Lite->soapversion($version);

# The address comes from the WSDL; the wrapped style needs the elements named.
my ($address) = SOAP::Schema->schema_url($wsdl)->access =~ /address location="([^"]+)"/ or die "no address in $wsdl";
my $soap = SOAP::Lite->proxy($address)->default_ns('urn:oalab:carrier:1')->on_fault(sub { $_[1] });
my $serial = "LITE$version";

sub call {
    my ($op, @fields) = @_;
    my @data;
    while (my ($name, $value) = splice @fields, 0, 2) {
        push @data, SOAP::Data->name($name => $value)->type('string');
    }
    return $soap->call($op => @data);
}

my $order = call('OrderProduct', Serial => $serial, Msisdn => '13800000000', ProductCode => 'P10');
print "order ", $order->valueof('//RspCode'), " ", $order->valueof('//Serial'), "\n";
my $again = call('OrderProduct', Serial => $serial, Msisdn => '13800000000', ProductCode => 'P10');
print "again ", $again->valueof('//RspCode'), " ",
    $again->valueof('//OrderID') eq $order->valueof('//OrderID') ? 'True' : 'False', "\n";
my $refused = call('OrderProduct', Serial => $serial . 'X', Msisdn => '13800000000', ProductCode => 'P<&>');
print "refused ", $refused->valueof('//RspCode'), " ", $refused->valueof('//OrderID') // 'None', "\n";
my $state = call('QueryOrder', Serial => $serial);
print "state ", $state->valueof('//RspCode'), " ", $state->valueof('//State'), "\n";
my $usage = call('QueryUsage', Msisdn => '13800000000', Month => '202601');
my @resources = $usage->valueof('//Resource');
my $data = $resources[0];
print "usage ", $usage->valueof('//RspCode'), " ", scalar @resources, " $data->{Type} $data->{Unit} ",
    $data->{Used} + $data->{Left} == $data->{Total} ? 'True' : 'False', "\n";
my $sms = call('SendSMS', Serial => $serial, Msisdn => '13800000000', Text => '流量 <1> & ]]> "2"');
print "sms ", $sms->valueof('//RspCode'), " ", $sms->valueof('//MessageID') ? 'True' : 'False', "\n";
my $fault = call('QueryOrder', Serial => '9' x 65);
# The accessors of a fault know SOAP 1.1 only.
my ($code, $reason) = $version eq '1.2'
    ? ($fault->valueof('//Fault/Code/Value'), $fault->valueof('//Fault/Reason/Text'))
    : ($fault->faultcode, $fault->faultstring);
$code =~ s/.*://;
print "fault $code $reason\n";
