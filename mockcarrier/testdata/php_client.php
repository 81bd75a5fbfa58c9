<?php
// Calls every operation from the WSDL with PHP's SoapClient; arguments: WSDL, SOAP version, day.
[, $wsdl, $version, $today] = $argv;
$client = new SoapClient($wsdl, [
    'soap_version' => $version === '1.2' ? SOAP_1_2 : SOAP_1_1,
    'cache_wsdl' => WSDL_CACHE_NONE,
    'exceptions' => true,
    'features' => SOAP_SINGLE_ELEMENT_ARRAYS,
]);
$serial = 'PHP' . $version;
$phone = '13800000000';

function truth($value) { return $value ? 'True' : 'False'; }
function total($items) { return array_sum(array_map(fn($i) => $i->Fen, $items)); }

$order = $client->OrderProduct(['Serial' => $serial, 'Msisdn' => $phone, 'ProductCode' => 'DM5']);
echo "order $order->RspCode $order->Serial\n";
$again = $client->OrderProduct(['Serial' => $serial, 'Msisdn' => $phone, 'ProductCode' => 'DM5']);
echo "again $again->RspCode ", truth($again->OrderID === $order->OrderID), "\n";
$refused = $client->OrderProduct(['Serial' => $serial . 'X', 'Msisdn' => $phone, 'ProductCode' => 'P<&>', 'ClientIP' => '192.0.2.1']);
echo "refused $refused->RspCode ", $refused->OrderID ?? 'None', "\n";
$state = $client->QueryOrder(['Serial' => $serial]);
echo "state $state->RspCode $state->State\n";
$usage = $client->QueryUsage(['Msisdn' => $phone, 'Month' => '202601']);
$data = $usage->Resource[0];
echo "usage $usage->RspCode ", count($usage->Resource), " $data->Type $data->Unit ", truth($data->Used + $data->Left === $data->Total), "\n";
$sms = $client->SendSMS(['Serial' => $serial, 'Msisdn' => $phone, 'Text' => '流量 <1> & ]]> "2"']);
echo "sms $sms->RspCode ", truth($sms->MessageID), "\n";

$topped = $client->TopUp(['Serial' => $serial, 'Msisdn' => $phone, 'Fen' => 5000]);
$balance = $client->QueryBalance(['Msisdn' => $phone]);
echo "topup $topped->RspCode ", truth($topped->Balance === $balance->Balance), "\n";
$paid = $client->QueryOrder(['Serial' => $serial, 'Called' => 'TopUp']);
echo "topup state $paid->State ", truth($paid->OrderID === $topped->OrderID), "\n";
$day = $client->QueryBillDay(['Msisdn' => $phone, 'Day' => $today]);
$own = array_values(array_filter($day->Item, fn($i) => $i->Name === '5元流量月包'));
echo "day $day->RspCode ", truth(total($day->Item) === $day->Fen), ' [', implode(', ', array_map(fn($i) => $i->Fen, $own)), "]\n";
$month = $client->QueryBillMonth(['Msisdn' => $phone, 'Month' => substr($today, 0, 6)]);
echo "month $month->RspCode ", truth(total($month->Item) === $month->Fen), ' ', truth($month->Fen >= $day->Fen), "\n";
$pack = $client->QueryPackage(['Msisdn' => $phone]);
echo "package $pack->RspCode ['", implode("', '", array_map(fn($r) => $r->Type, $pack->Resource)), "'] ", truth($pack->PackageName), "\n";
$points = $client->QueryPoints(['Msisdn' => $phone]);
echo "points $points->RspCode ", truth($points->Points > 0), "\n";
$history = $client->QueryPointsHistory(['Msisdn' => $phone, 'Count' => 2]);
$last = $history->Change[0];
echo "history $history->RspCode ", count($history->Change), " $last->Points $last->Reason\n";
$change = $client->ChangePackage(['Serial' => $serial, 'Msisdn' => $phone, 'PackageCode' => 'M0', 'Effective' => 'next']);
echo "change $change->RspCode ", $change->OrderID ?? 'None', "\n";
$gift = $client->RedeemData(['Serial' => $serial, 'Msisdn' => $phone, 'MB' => 500, 'Campaign' => 'A1']);
echo "gift $gift->RspCode ", truth($gift->OrderID), "\n";
$password = $client->CheckPassword(['Msisdn' => $phone, 'Password' => 'wrong']);
echo "password $password->RspCode $password->Left\n";
$whose = $client->QueryNumber(['Msisdn' => $phone]);
echo "whose $whose->RspCode $whose->Carrier $whose->Own ", truth($whose->City), "\n";
$code = $client->SendCode(['Serial' => $serial, 'Msisdn' => $phone, 'Code' => '012345', 'Minutes' => 5]);
echo "code $code->RspCode ", truth($code->MessageID), "\n";
try {
    $client->QueryOrder(['Serial' => str_repeat('9', 65)]);
    echo "fault none\n";
} catch (SoapFault $fault) {
    $parts = explode(':', $fault->faultcode);
    echo 'fault ', end($parts), ' ', $fault->getMessage(), "\n";
}
