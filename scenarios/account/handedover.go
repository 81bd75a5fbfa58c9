package account

import (
	"strings"

	wl "oalab/mockwechat/ledger"
	"oalab/scenarios/history"
)

// pathCustom ends the address of customer-service messages.
const pathCustom = "/message/custom/send"

// Promised is what a follower was promised by queries, and what came of it.
type Promised struct {
	OpenID string
	// HandedOver are the queries that were answered without words: the answer comes later.
	// Open are those of which no answer is known.
	HandedOver, Open int
	// Delivered are the customer-service messages that reached the follower.
	Delivered int
}

// Promises are those of all followers who asked or were answered, in the order of the plan
// and then of the ledger.
func Promises(a *history.Arm, all []Message) []Promised {
	var list []Promised
	at := map[string]int{}
	of := func(openid string) *Promised {
		i, known := at[openid]
		if !known {
			i = len(list)
			at[openid], list = i, append(list, Promised{OpenID: openid})
		}
		return &list[i]
	}
	for i := range all {
		m := &all[i]
		if !m.isQuery() {
			continue
		}
		switch reply, ok := m.answer(); {
		case !ok:
			of(m.Plan.OpenID).Open++
		case !hasWords(reply):
			of(m.Plan.OpenID).HandedOver++
		}
	}
	for _, c := range a.WeChat {
		if c.Kind == wl.KindAPI && c.Effect == wl.EffectDelivered && strings.HasSuffix(c.Path, pathCustom) {
			of(c.OpenID).Delivered++
		}
	}
	return list
}

// eventClick is a tap on an item of the menu, which are queries.
const eventClick = "CLICK"

// answer is what the server answered to the first try that it answered, also if a fault kept
// that from the platform.
func (m *Message) answer() (string, bool) {
	for _, d := range m.Tries {
		if TryAnswered(d) {
			return d.Reply, true
		}
	}
	return "", false
}
