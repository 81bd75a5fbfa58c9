"""Calls every operation from the WSDL with zeep; arguments: WSDL, SOAP version, day."""
import sys

import zeep

wsdl, version, today = sys.argv[1:4]
client = zeep.Client(wsdl)  # strict: unknown, missing or misplaced elements fail
ports = {f: client.bind("CarrierService", f + "Port" + version.replace(".", "")) for f in ("Query", "Order", "Charge", "Number", "Message")}
query, orders, charge, number, message = ports.values()
serial, phone = "ZEEP" + version, "13800000000"

order = orders.OrderProduct(Serial=serial, Msisdn=phone, ProductCode="DM5")
print("order", order.RspCode, order.Serial)
again = orders.OrderProduct(Serial=serial, Msisdn=phone, ProductCode="DM5")
print("again", again.RspCode, again.OrderID == order.OrderID)
refused = orders.OrderProduct(Serial=serial + "X", Msisdn=phone, ProductCode="P<&>", ClientIP="192.0.2.1")
print("refused", refused.RspCode, refused.OrderID)
state = orders.QueryOrder(Serial=serial)
print("state", state.RspCode, state.State)
usage = query.QueryUsage(Msisdn=phone, Month="202601")
data = usage.Resource[0]
print("usage", usage.RspCode, len(usage.Resource), data.Type, data.Unit, data.Used + data.Left == data.Total)
sms = message.SendSMS(Serial=serial, Msisdn=phone, Text="流量 <1> & ]]> \"2\"")
print("sms", sms.RspCode, bool(sms.MessageID))

topped = charge.TopUp(Serial=serial, Msisdn=phone, Fen=5000)
balance = charge.QueryBalance(Msisdn=phone)
print("topup", topped.RspCode, topped.Balance == balance.Balance)
paid = orders.QueryOrder(Serial=serial, Called="TopUp")
print("topup state", paid.State, paid.OrderID == topped.OrderID)
day = query.QueryBillDay(Msisdn=phone, Day=today)
print("day", day.RspCode, sum(i.Fen for i in day.Item) == day.Fen, [i.Fen for i in day.Item if i.Name == "5元流量月包"])
month = query.QueryBillMonth(Msisdn=phone, Month=today[:6])
print("month", month.RspCode, sum(i.Fen for i in month.Item) == month.Fen, month.Fen >= day.Fen)
pack = query.QueryPackage(Msisdn=phone)
print("package", pack.RspCode, [r.Type for r in pack.Resource], bool(pack.PackageName))
points = query.QueryPoints(Msisdn=phone)
print("points", points.RspCode, points.Points > 0)
history = query.QueryPointsHistory(Msisdn=phone, Count=2)
print("history", history.RspCode, len(history.Change), history.Change[0].Points, history.Change[0].Reason)
change = orders.ChangePackage(Serial=serial, Msisdn=phone, PackageCode="M0", Effective="next")
print("change", change.RspCode, change.OrderID)
gift = orders.RedeemData(Serial=serial, Msisdn=phone, MB=500, Campaign="A1")
print("gift", gift.RspCode, bool(gift.OrderID))
password = number.CheckPassword(Msisdn=phone, Password="wrong")
print("password", password.RspCode, password.Left)
whose = number.QueryNumber(Msisdn=phone)
print("whose", whose.RspCode, whose.Carrier, whose.Own, bool(whose.City))
code = message.SendCode(Serial=serial, Msisdn=phone, Code="012345", Minutes=5)
print("code", code.RspCode, bool(code.MessageID))
try:
    orders.QueryOrder(Serial="9" * 65)
    print("fault none")
except zeep.exceptions.Fault as fault:
    print("fault", fault.code.split(":")[-1], fault.message)
