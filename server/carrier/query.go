package carrier

// QueryUsageRequest asks what a number has used of its package.
type QueryUsageRequest struct {
	Msisdn   string // phone number
	Month    string // yyyyMM
	ClientIP string // address of the follower's device; "" is not known
}

// Operation implements Request.
func (*QueryUsageRequest) Operation() string { return OpQueryUsage }

func (r *QueryUsageRequest) parts() []part {
	return []part{need("Msisdn", &r.Msisdn), need("Month", &r.Month), may("ClientIP", &r.ClientIP)}
}

// QueryUsageResponse is what a number has used, as of a moment.
type QueryUsageResponse struct {
	Result
	Msisdn    string
	Month     string
	AsOf      string     // when the carrier counted, xsd:dateTime
	Receipt   string     // differs at every answer
	Resources []Resource // empty when the query was refused
}

// Operation implements Response.
func (*QueryUsageResponse) Operation() string { return OpQueryUsage }

func (r *QueryUsageResponse) parts() []part {
	return r.lead(
		may("Msisdn", &r.Msisdn), may("Month", &r.Month), may("AsOf", &r.AsOf), may("Receipt", &r.Receipt),
		may("Resource", rows[Resource, *Resource]{&r.Resources}),
	)
}

// Resource is one metered thing in a package. Total, Used and Left are counted
// in Unit.
type Resource struct {
	Type  string // data, voice, sms or wlan
	Unit  string // MB, minute or piece
	Total int64
	Used  int64
	Left  int64
}

func (*Resource) record() string { return "Resource" }

func (r *Resource) parts() []part {
	return []part{
		need("Type", &r.Type), need("Unit", &r.Unit), need("Total", &r.Total), need("Used", &r.Used), need("Left", &r.Left),
	}
}

// QueryBillDayRequest asks for the bill of one day.
type QueryBillDayRequest struct {
	Msisdn   string
	Day      string // yyyyMMdd, on the carrier's clock
	ClientIP string
}

// Operation implements Request.
func (*QueryBillDayRequest) Operation() string { return OpQueryBillDay }

func (r *QueryBillDayRequest) parts() []part {
	return []part{need("Msisdn", &r.Msisdn), need("Day", &r.Day), may("ClientIP", &r.ClientIP)}
}

// QueryBillDayResponse is the bill of one day. A day that has not ended has what was
// counted by then.
type QueryBillDayResponse struct {
	Result
	Msisdn string
	Day    string
	Fen    int64 // the sum of the items
	Items  []BillItem
}

// Operation implements Response.
func (*QueryBillDayResponse) Operation() string { return OpQueryBillDay }

func (r *QueryBillDayResponse) parts() []part {
	return r.lead(
		may("Msisdn", &r.Msisdn), may("Day", &r.Day), need("Fen", &r.Fen), may("Item", rows[BillItem, *BillItem]{&r.Items}),
	)
}

// BillItem is one line of a bill.
type BillItem struct {
	Name string // as subscribers read it
	Fen  int64
}

func (*BillItem) record() string { return "BillItem" }

func (i *BillItem) parts() []part { return []part{need("Name", &i.Name), need("Fen", &i.Fen)} }

// QueryBillMonthRequest asks for the bill of one month.
type QueryBillMonthRequest struct {
	Msisdn   string
	Month    string // yyyyMM, on the carrier's clock
	ClientIP string
}

// Operation implements Request.
func (*QueryBillMonthRequest) Operation() string { return OpQueryBillMonth }

func (r *QueryBillMonthRequest) parts() []part {
	return []part{need("Msisdn", &r.Msisdn), need("Month", &r.Month), may("ClientIP", &r.ClientIP)}
}

// QueryBillMonthResponse is the bill of one month: its days added up, item by item.
type QueryBillMonthResponse struct {
	Result
	Msisdn string
	Month  string
	Fen    int64
	Items  []BillItem
}

// Operation implements Response.
func (*QueryBillMonthResponse) Operation() string { return OpQueryBillMonth }

func (r *QueryBillMonthResponse) parts() []part {
	return r.lead(
		may("Msisdn", &r.Msisdn), may("Month", &r.Month), need("Fen", &r.Fen), may("Item", rows[BillItem, *BillItem]{&r.Items}),
	)
}

// QueryPackageRequest asks for the package of a number and what remains of it this month.
type QueryPackageRequest struct {
	Msisdn   string
	ClientIP string
}

// Operation implements Request.
func (*QueryPackageRequest) Operation() string { return OpQueryPackage }

func (r *QueryPackageRequest) parts() []part {
	return []part{need("Msisdn", &r.Msisdn), may("ClientIP", &r.ClientIP)}
}

// QueryPackageResponse is the package of a number.
type QueryPackageResponse struct {
	Result
	Msisdn      string
	PackageCode string
	PackageName string
	Fen         int64  // for a month
	NextCode    string // the package from the next month on; "" is the same
	NextName    string
	AsOf        string     // xsd:dateTime
	Resources   []Resource // data, voice, sms, wlan
}

// Operation implements Response.
func (*QueryPackageResponse) Operation() string { return OpQueryPackage }

func (r *QueryPackageResponse) parts() []part {
	return r.lead(
		may("Msisdn", &r.Msisdn), may("PackageCode", &r.PackageCode), may("PackageName", &r.PackageName), need("Fen", &r.Fen),
		may("NextCode", &r.NextCode), may("NextName", &r.NextName), may("AsOf", &r.AsOf),
		may("Resource", rows[Resource, *Resource]{&r.Resources}),
	)
}

// QueryPointsRequest asks for the points of a number.
type QueryPointsRequest struct {
	Msisdn   string
	ClientIP string
}

// Operation implements Request.
func (*QueryPointsRequest) Operation() string { return OpQueryPoints }

func (r *QueryPointsRequest) parts() []part {
	return []part{need("Msisdn", &r.Msisdn), may("ClientIP", &r.ClientIP)}
}

// QueryPointsResponse is the points of a number.
type QueryPointsResponse struct {
	Result
	Msisdn   string
	Points   int64
	Expiring int64  // of Points, at the end of ExpireOn
	ExpireOn string // yyyyMMdd; "" when none expire
}

// Operation implements Response.
func (*QueryPointsResponse) Operation() string { return OpQueryPoints }

func (r *QueryPointsResponse) parts() []part {
	return r.lead(
		may("Msisdn", &r.Msisdn), need("Points", &r.Points), need("Expiring", &r.Expiring), may("ExpireOn", &r.ExpireOn),
	)
}

// QueryPointsHistoryRequest asks for the latest changes of the points of a number.
type QueryPointsHistoryRequest struct {
	Msisdn   string
	Count    int64 // at most so many; 1 to 50
	ClientIP string
}

// Operation implements Request.
func (*QueryPointsHistoryRequest) Operation() string { return OpQueryPointsHistory }

func (r *QueryPointsHistoryRequest) parts() []part {
	return []part{need("Msisdn", &r.Msisdn), need("Count", &r.Count), may("ClientIP", &r.ClientIP)}
}

// QueryPointsHistoryResponse is the changes of the points of a number, the latest first.
type QueryPointsHistoryResponse struct {
	Result
	Msisdn  string
	Changes []PointsChange
}

// Operation implements Response.
func (*QueryPointsHistoryResponse) Operation() string { return OpQueryPointsHistory }

func (r *QueryPointsHistoryResponse) parts() []part {
	return r.lead(may("Msisdn", &r.Msisdn), may("Change", rows[PointsChange, *PointsChange]{&r.Changes}))
}

// PointsChange is one change of the points of a number.
type PointsChange struct {
	Day    string // yyyyMMdd
	Points int64  // below 0 when they were spent
	Reason string // as subscribers read it
}

func (*PointsChange) record() string { return "PointsChange" }

func (c *PointsChange) parts() []part {
	return []part{need("Day", &c.Day), need("Points", &c.Points), need("Reason", &c.Reason)}
}
