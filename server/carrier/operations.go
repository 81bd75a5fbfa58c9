package carrier

import "slices"

// Family is a group of operations with a port of its own in the WSDL.
type Family string

// The families.
const (
	FamilyQuery   Family = "Query"   // what a number has, used and owes
	FamilyOrder   Family = "Order"   // products and packages
	FamilyCharge  Family = "Charge"  // money
	FamilyNumber  Family = "Number"  // whose a number is
	FamilyMessage Family = "Message" // texts to a number
)

// Families returns all families, in the order of the WSDL.
func Families() []Family {
	return []Family{FamilyQuery, FamilyOrder, FamilyCharge, FamilyNumber, FamilyMessage}
}

// The operations of the service. Each is the local name of its request
// element; the response element is called the same with "Response" behind it.
const (
	OpQueryUsage         = "QueryUsage"
	OpQueryBillDay       = "QueryBillDay"
	OpQueryBillMonth     = "QueryBillMonth"
	OpQueryPackage       = "QueryPackage"
	OpQueryPoints        = "QueryPoints"
	OpQueryPointsHistory = "QueryPointsHistory"
	OpOrderProduct       = "OrderProduct"
	OpQueryOrder         = "QueryOrder"
	OpChangePackage      = "ChangePackage"
	OpRedeemData         = "RedeemData"
	OpTopUp              = "TopUp"
	OpQueryBalance       = "QueryBalance"
	OpCheckPassword      = "CheckPassword"
	OpQueryNumber        = "QueryNumber"
	OpSendSMS            = "SendSMS"
	OpSendCode           = "SendCode"
)

// operation is one operation of the service.
type operation struct {
	name   string
	family Family
	// repeatable: a second call changes nothing, whether or not the first one arrived.
	repeatable bool
	request    func() Request
	response   func() Response
}

// table is the service, in the order of the WSDL. It is not changed.
var table = []operation{
	{OpQueryUsage, FamilyQuery, true, func() Request { return &QueryUsageRequest{} }, func() Response { return &QueryUsageResponse{} }},
	{OpQueryBillDay, FamilyQuery, true, func() Request { return &QueryBillDayRequest{} }, func() Response { return &QueryBillDayResponse{} }},
	{OpQueryBillMonth, FamilyQuery, true, func() Request { return &QueryBillMonthRequest{} }, func() Response { return &QueryBillMonthResponse{} }},
	{OpQueryPackage, FamilyQuery, true, func() Request { return &QueryPackageRequest{} }, func() Response { return &QueryPackageResponse{} }},
	{OpQueryPoints, FamilyQuery, true, func() Request { return &QueryPointsRequest{} }, func() Response { return &QueryPointsResponse{} }},
	{OpQueryPointsHistory, FamilyQuery, true, func() Request { return &QueryPointsHistoryRequest{} }, func() Response { return &QueryPointsHistoryResponse{} }},
	{OpOrderProduct, FamilyOrder, false, func() Request { return &OrderProductRequest{} }, func() Response { return &OrderProductResponse{} }},
	{OpQueryOrder, FamilyOrder, true, func() Request { return &QueryOrderRequest{} }, func() Response { return &QueryOrderResponse{} }},
	{OpChangePackage, FamilyOrder, false, func() Request { return &ChangePackageRequest{} }, func() Response { return &ChangePackageResponse{} }},
	{OpRedeemData, FamilyOrder, false, func() Request { return &RedeemDataRequest{} }, func() Response { return &RedeemDataResponse{} }},
	{OpTopUp, FamilyCharge, false, func() Request { return &TopUpRequest{} }, func() Response { return &TopUpResponse{} }},
	{OpQueryBalance, FamilyCharge, true, func() Request { return &QueryBalanceRequest{} }, func() Response { return &QueryBalanceResponse{} }},
	// A wrong password counts towards the lock each time.
	{OpCheckPassword, FamilyNumber, false, func() Request { return &CheckPasswordRequest{} }, func() Response { return &CheckPasswordResponse{} }},
	{OpQueryNumber, FamilyNumber, true, func() Request { return &QueryNumberRequest{} }, func() Response { return &QueryNumberResponse{} }},
	{OpSendSMS, FamilyMessage, false, func() Request { return &SendSMSRequest{} }, func() Response { return &SendSMSResponse{} }},
	{OpSendCode, FamilyMessage, false, func() Request { return &SendCodeRequest{} }, func() Response { return &SendCodeResponse{} }},
}

func find(op string) (operation, bool) {
	i := slices.IndexFunc(table, func(o operation) bool { return o.name == op })
	if i < 0 {
		return operation{}, false
	}
	return table[i], true
}

// Operations returns the names of all operations, in the order of the WSDL.
func Operations() []string {
	names := make([]string, len(table))
	for i, o := range table {
		names[i] = o.name
	}
	return names
}

// Known reports whether the service has an operation.
func Known(op string) bool {
	_, ok := find(op)
	return ok
}

// FamilyOf returns the family of an operation, "" of an unknown one.
func FamilyOf(op string) Family {
	o, _ := find(op)
	return o.family
}

// Repeatable reports whether a call may be made again when its outcome is not known.
func Repeatable(op string) bool {
	o, _ := find(op)
	return o.repeatable
}

// NewRequest returns an empty request of an operation, or nil when the service
// has no such operation.
func NewRequest(op string) Request {
	if o, ok := find(op); ok {
		return o.request()
	}
	return nil
}

// NewResponse returns an empty response of an operation, or nil when the service
// has no such operation.
func NewResponse(op string) Response {
	if o, ok := find(op); ok {
		return o.response()
	}
	return nil
}
