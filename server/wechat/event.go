package wechat

import "strings"

// Subscribe is a new follower. Scene is the value of the QR code that led here
// and Ticket its ticket, both "" for a follower who came without one. After a
// payment EventKey of the message holds last_trade_no_… and Scene is "".
type Subscribe struct{ Scene, Ticket string }

// Unsubscribe is a follower who left. No reply can reach them.
type Unsubscribe struct{}

// Scan is a follower who scanned a QR code of the account.
type Scan struct{ Scene, Ticket string }

// Position is where a follower is, in degrees, when the account may know it.
type Position struct{ Latitude, Longitude, Precision float64 }

// Click is a tap on a menu button of type click.
type Click struct{ Key string }

// View is a tap on a menu button that opens a page, or with MiniProgram set a
// mini program. MenuID names a personalised menu.
type View struct {
	URL, MenuID string
	MiniProgram bool
}

// MenuScan is a scan started from the menu. Wait is set when the follower's
// screen waits for the reply (scancode_waitmsg).
type MenuScan struct {
	Key, ScanType, Result string
	Wait                  bool
}

// MenuPictures announces pictures chosen from the menu; the pictures follow as
// messages of their own. Source is pic_sysphoto, pic_photo_or_album or pic_weixin.
type MenuPictures struct {
	Key, Source string
	Count       int
	MD5Sums     []string
}

// MenuLocation announces a place chosen from the menu; a Location message follows.
type MenuLocation struct {
	Key string
	Location
	POI string
}

// TemplateSent reports what became of a template message: "success",
// "failed:user block" or "failed: system failed".
type TemplateSent struct{ MsgID, Status string }

// MassSent reports what became of a mass send. Status is "send success",
// "send fail" or "err(N)".
type MassSent struct {
	MsgID, Status                string
	Total, Filtered, Sent, Error int
	CopyrightState               int
	ArticleURLs                  []string
}

// AgentSession reports a session with a human agent. Change is create, close
// or switch; From is set only for a switch.
type AgentSession struct{ Change, Agent, From string }

func (*Subscribe) body()    {}
func (*Unsubscribe) body()  {}
func (*Scan) body()         {}
func (*Position) body()     {}
func (*Click) body()        {}
func (*View) body()         {}
func (*MenuScan) body()     {}
func (*MenuPictures) body() {}
func (*MenuLocation) body() {}
func (*TemplateSent) body() {}
func (*MassSent) body()     {}
func (*AgentSession) body() {}

// AllowsReply reports whether a passive reply to the message can reach a
// follower who waits for one. For the rest the answer is Success (MSG-4):
// reports about the account's own sends, a follower who left, a page that
// opened, a position that was reported.
func (m *Message) AllowsReply() bool {
	if !m.IsEvent() {
		return true
	}
	switch m.Body.(type) {
	case *Unsubscribe, *View, *Position, *TemplateSent, *MassSent, *AgentSession, *MenuPictures, *MenuLocation:
		return false
	case *Unknown:
		return !silent(m.Event)
	default:
		return true
	}
}

// silent names the events without typed fields that have no follower waiting.
func silent(event string) bool {
	event = strings.ToLower(event)
	switch event {
	case "publishjobfinish",
		"subscribe_msg_popup_event", "subscribe_msg_change_event", "subscribe_msg_sent_event",
		"user_info_modified", "user_authorization_revoke", "user_authorization_cancellation",
		"user_authorize_invoice", "annual_renew", "verify_expired",
		"qualification_verify_success", "qualification_verify_fail",
		"naming_verify_success", "naming_verify_fail":
		return true
	default:
		return strings.HasPrefix(event, "card_")
	}
}
