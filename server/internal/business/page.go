package business

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"time"

	"oalab/server/carrier"
)

// maxChoices is how many choices a page offers: numbers of two digits.
const maxChoices = 50

// Page is the page of the catalogue that a follower was shown last, as it is stored.
type Page struct {
	Account, OpenID string
	// Code is the level whose choices it offers, or the order that it asks to confirm.
	Code string
	// Seen is the digest of its text: a number chooses from what the follower has read.
	Seen string
	// Key is the message that asked for it, At the CreateTime of that.
	Key string
	At  time.Time
	// Used is the message that confirmed its order; "" for none.
	Used string
}

// page is the text of a code as a follower reads it: the choices of a menu, or what an order
// is about, which is to be confirmed. life is how long the choice is taken.
func (c *catalogue) page(code Code, life time.Duration) string {
	var b strings.Builder
	b.WriteString(code.Name)
	_, back := c.levelOf(code)
	how := "请回复数字选择"
	if code.Sort.Ordered() {
		writeTerms(&b, code.Terms)
		how = "回复1确认办理"
	}
	for i, choice := range c.under[trigger{code.Account, code.Code}] {
		fmt.Fprintf(&b, "\n%d %s", i+1, choice.Name)
		if choice.Terms.Fen > 0 {
			b.WriteString(" " + moneyText(choice.Terms.Fen))
		}
		if choice.Terms.SoldOut {
			b.WriteString("（已售罄）")
		}
	}
	if back {
		how += "，回复0返回"
	}
	fmt.Fprintf(&b, "\n%s，%d分钟内有效。", how, int(life.Minutes()))
	return b.String()
}

func writeTerms(b *strings.Builder, t Terms) {
	if t.Fen > 0 {
		b.WriteString("\n价格：" + moneyText(t.Fen))
	}
	b.WriteString("\n生效：" + effectText(t.Effect))
	if t.Months > 1 {
		fmt.Fprintf(b, "\n有效期：%d个月", t.Months)
	}
	if t.Limit > 0 {
		fmt.Fprintf(b, "\n每个号码限办%d次", t.Limit)
	}
}

func effectText(effect string) string {
	if effect == carrier.EffectiveNextMonth {
		return "下月1日"
	}
	return "立即"
}

// levelOf is the menu above a code.
func (c *catalogue) levelOf(code Code) (Code, bool) {
	above, ok := c.codes[trigger{code.Account, code.Level()}]
	return above, ok && above.Sort == SortMenu
}

// seen is the digest of a page.
func seen(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:16])
}

// choiceOf reads a text that may be a choice: a number of one or two digits, also those of a
// Chinese keyboard.
func choiceOf(text string) (n int, ok bool) {
	text = strings.TrimSpace(strings.Map(narrow, text))
	if len(text) == 0 || len(text) > 2 || strings.Trim(text, "0123456789") != "" {
		return 0, false
	}
	n, err := strconv.Atoi(text)
	return n, err == nil
}

// narrow makes the digits and blanks of a Chinese keyboard those of ASCII.
func narrow(r rune) rune {
	switch {
	case r >= '０' && r <= '９':
		return '0' + r - '０'
	case r == '\u3000':
		return ' '
	}
	return r
}
