<?php
// Calls every operation from the WSDL with PHP's SoapClient; arguments: WSDL, SOAP version.
[, $wsdl, $version] = $argv;
$client = new SoapClient($wsdl, [
    'soap_version' => $version === '1.2' ? SOAP_1_2 : SOAP_1_1,
    'cache_wsdl' => WSDL_CACHE_NONE,
    'exceptions' => true,
]);
$serial = 'PHP' . $version;

$order = $client->OrderProduct(['Serial' => $serial, 'Msisdn' => '13800000000', 'ProductCode' => 'P10']);
echo "order $order->RspCode $order->Serial\n";
$again = $client->OrderProduct(['Serial' => $serial, 'Msisdn' => '13800000000', 'ProductCode' => 'P10']);
echo "again $again->RspCode ", $again->OrderID === $order->OrderID ? 'True' : 'False', "\n";
$refused = $client->OrderProduct(['Serial' => $serial . 'X', 'Msisdn' => '13800000000', 'ProductCode' => 'P<&>']);
echo "refused $refused->RspCode ", $refused->OrderID ?? 'None', "\n";
$state = $client->QueryOrder(['Serial' => $serial]);
echo "state $state->RspCode $state->State\n";
$usage = $client->QueryUsage(['Msisdn' => '13800000000', 'Month' => '202601']);
$data = $usage->Resource[0];
echo "usage $usage->RspCode ", count($usage->Resource), " $data->Type $data->Unit ",
    $data->Used + $data->Left === $data->Total ? 'True' : 'False', "\n";
$sms = $client->SendSMS(['Serial' => $serial, 'Msisdn' => '13800000000', 'Text' => '流量 <1> & ]]> "2"']);
echo "sms $sms->RspCode ", $sms->MessageID ? 'True' : 'False', "\n";
try {
    $client->QueryOrder(['Serial' => str_repeat('9', 65)]);
    echo "fault none\n";
} catch (SoapFault $fault) {
    $parts = explode(':', $fault->faultcode);
    echo 'fault ', end($parts), ' ', $fault->getMessage(), "\n";
}
