package history

import "time"

// LoginEvidence are the visits of followers to a page behind the login, as their browsers met
// them. Only an arm with a load of logins has it (SCN-13).
var LoginEvidence = declare[Visit]("logins")

// The visits of a load of logins.
const (
	// VisitFirst opens the shared link in a browser that was not here before.
	VisitFirst = "first"
	// VisitAgain opens it once more in the same browser.
	VisitAgain = "again"
	// VisitForwarded opens the way back from the consent page of another follower, who has
	// passed it on unused.
	VisitForwarded = "forwarded"
)

// Visit is one visit: one line of ledgers/logins.jsonl. One operation makes one visit, or a
// forwarded one and then the first of its own.
type Visit struct {
	Seq    uint64    `json:"seq"`
	At     time.Time `json:"at"`               // when it began, wall clock
	TookS  float64   `json:"took_s"`           // until its last page was there
	Visit  string    `json:"visit"`            // first, again, forwarded
	OpenID string    `json:"openid"`           // of the follower whose browser it is
	Sender string    `json:"sender,omitempty"` // of a forwarded visit: the openid of the other follower
	// Consents are the times the browser was shown the consent page, and the follower agreed.
	Consents int `json:"consents"`
	// Later is how often the follower was told to come later, and came again.
	Later int `json:"later,omitempty"`
	// PassedOn are the requests that one server did not answer and another one was asked.
	PassedOn int `json:"passed_on,omitempty"`
	Status   int `json:"status"` // of the last page; 0: none came
	// Seen is the openid of the follower whom the server takes this browser for; "": it has
	// no session.
	Seen  string `json:"seen,omitempty"`
	Error string `json:"error,omitempty"` // why no page came
}

// EndAt is when the last page of the visit was there.
func (v Visit) EndAt() time.Time { return v.At.Add(time.Duration(v.TookS * float64(time.Second))) }
