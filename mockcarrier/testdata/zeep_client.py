"""Calls every operation from the WSDL with zeep; arguments: WSDL, SOAP version."""
import sys

import zeep

wsdl, version = sys.argv[1:3]
client = zeep.Client(wsdl)  # strict: unknown, missing or misplaced elements fail
port = {"1.1": "CarrierPort11", "1.2": "CarrierPort12"}[version]
service = client.bind("CarrierService", port)
serial = "ZEEP" + version

order = service.OrderProduct(Serial=serial, Msisdn="13800000000", ProductCode="P10")
print("order", order.RspCode, order.Serial)
again = service.OrderProduct(Serial=serial, Msisdn="13800000000", ProductCode="P10")
print("again", again.RspCode, again.OrderID == order.OrderID)
refused = service.OrderProduct(Serial=serial + "X", Msisdn="13800000000", ProductCode="P<&>")
print("refused", refused.RspCode, refused.OrderID)
state = service.QueryOrder(Serial=serial)
print("state", state.RspCode, state.State)
usage = service.QueryUsage(Msisdn="13800000000", Month="202601")
data = usage.Resource[0]
print("usage", usage.RspCode, len(usage.Resource), data.Type, data.Unit, data.Used + data.Left == data.Total)
sms = service.SendSMS(Serial=serial, Msisdn="13800000000", Text="流量 <1> & ]]> \"2\"")
print("sms", sms.RspCode, bool(sms.MessageID))
try:
    service.QueryOrder(Serial="9" * 65)
    print("fault none")
except zeep.exceptions.Fault as fault:
    print("fault", fault.code.split(":")[-1], fault.message)
