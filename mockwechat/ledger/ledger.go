// Package ledger defines what the mock WeChat platform says it really did: one
// Call for every API request it answered, one Delivery for every try of a
// message it pushed. The checkers judge the server by these records, so they
// share no code with it (MOCKW-4).
package ledger

import "time"

// Kind says which surface of the platform a Call belongs to.
type Kind string

// The kinds of ledger lines.
const (
	KindAPI  Kind = "api"
	KindPush Kind = "push"
	KindPage Kind = "page"
	KindPay  Kind = "pay"
)

// TokenState is what the access token of a call was worth when it arrived.
type TokenState string

// The states of an access token. An overlap token has been replaced but still
// lives for a while; a dead one is refused with 40001 or 42001.
const (
	TokenNone    TokenState = ""
	TokenValid   TokenState = "valid"
	TokenOverlap TokenState = "overlap"
	TokenDead    TokenState = "dead"
)

// Effect is what a message call did to the follower.
type Effect string

// The effects of a message call: delivered reached the follower, repeated was
// swallowed because its client_msg_id had been delivered before, refused was
// answered with an error code. Of payments: paid and refunded moved Fen, repeated is a
// refund that was asked for again, closed is an order that can no longer be paid,
// delivered is a notification that the merchant took.
const (
	EffectNone      Effect = ""
	EffectDelivered Effect = "delivered"
	EffectRepeated  Effect = "repeated"
	EffectRefused   Effect = "refused"
	EffectPaid      Effect = "paid"
	EffectRefunded  Effect = "refunded"
	EffectClosed    Effect = "closed"
)

// TokenIssue is what a call to a token interface gave out.
type TokenIssue string

// What a token call gave out: nothing, a token that did not exist before, or the
// one that was there already. The digest of it is in Token.
const (
	IssueNone   TokenIssue = ""
	IssueNew    TokenIssue = "new"
	IssueRepeat TokenIssue = "repeat"
)

// Call is one line of the ledger: a request as the platform saw and answered it.
type Call struct {
	At         time.Time  `json:"at"`
	Kind       Kind       `json:"kind"`
	Account    string     `json:"account"`
	Path       string     `json:"path,omitempty"`
	Token      string     `json:"token,omitempty"` // digest of the token, never the token itself
	TokenState TokenState `json:"token_state,omitempty"`
	TokenIssue TokenIssue `json:"token_issue,omitempty"`
	// ExpiresInS is the life in seconds that a token call promised.
	ExpiresInS int `json:"expires_in_s,omitempty"`
	ErrCode    int `json:"errcode"`
	// Rule is the name of the rule that the call broke, where it has one.
	Rule        string `json:"rule,omitempty"`
	OpenID      string `json:"openid,omitempty"`
	MsgID       string `json:"msg_id,omitempty"`
	Try         int    `json:"try,omitempty"`
	Status      int    `json:"status,omitempty"`
	TimedOut    bool   `json:"timed_out,omitempty"`
	Reply       string `json:"reply,omitempty"`
	ClientMsgID string `json:"client_msg_id,omitempty"`
	Effect      Effect `json:"effect,omitempty"`
	// Content is what the follower of a delivered message reads.
	Content string `json:"content,omitempty"`
	// Code is the digest of the code of a web login: on the page that gave it out, and in each
	// call that asks for tokens in exchange for it.
	Code string `json:"code,omitempty"`
	// Trade and Refund are the merchant's numbers of an order and of a refund, Fen is the money
	// of the line. ErrCode of a refused call of WeChat Pay is its HTTP status.
	Trade  string `json:"trade,omitempty"`
	Refund string `json:"refund,omitempty"`
	Fen    int64  `json:"fen,omitempty"`
}

// Delivery is one try of one pushed message: one line of deliveries.jsonl.
type Delivery struct {
	At      time.Time `json:"at"`               // when the try started, wall clock
	Attack  string    `json:"attack,omitempty"` // joins the try to its operation, with Seq
	Seq     uint64    `json:"seq"`
	Op      string    `json:"op,omitempty"` // kind of operation, as the workload calls it
	Account string    `json:"account"`
	OpenID  string    `json:"openid"`
	MsgID   string    `json:"msg_id"` // of an event: openid+CreateTime+event+key
	Try     int       `json:"try"`    // 1, 2 or 3
	TookS   float64   `json:"took_s"` // until the answer, the error or the time limit
	// Upstream names the servers that had the try, in order, by address: as a load
	// balancer between told with its answer, or else the one that was asked. Of a try that
	// a load balancer did not answer it is therefore the load balancer; empty: the try never
	// left the platform.
	Upstream string `json:"upstream,omitempty"`
	// UpstreamS is how long the load balancer waited for each of several servers, in
	// seconds; "-" for the one whose answer it was passing on. Empty with one.
	UpstreamS string `json:"upstream_s,omitempty"`
	// Stale: the server marked its answer as made from memory, which may be too old.
	Stale  bool `json:"stale,omitempty"`
	Status int  `json:"status"` // HTTP status, 0 when no answer came
	// TimedOut: no answer that counts came within the limit of the try.
	TimedOut bool `json:"timed_out"`
	// Lost: the server did answer (Status and Reply say what), but an injected
	// fault withheld the answer from the platform. Lost implies TimedOut.
	Lost  bool   `json:"lost,omitempty"`
	Error string `json:"error,omitempty"` // transport error or why the reply was not valid
	// Refused: the connection was refused, so the server cannot have seen the try.
	Refused bool `json:"refused,omitempty"`
	// OK: 200 with "success", an empty body or a valid reply, in time.
	OK bool `json:"ok"`
	// Reply is the reply in plaintext: "success", "" or the decrypted XML.
	Reply string `json:"reply"`
}
