// Package message owns what travels between the platform and a back end's callback: what a
// follower does, as XML in the three modes, and the replies, which it judges as the
// platform does. It shares no code with the server, so that the two cannot share a
// mistake. It opens no socket and reads no clock (MOCKW-2).
package message

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// ErrMessage marks a message that no follower could have sent.
var ErrMessage = errors.New("mockwechat: bad message")

// Message is one thing a follower does: a message, or an event.
type Message struct {
	// Op is the kind of operation as the workload calls it; fault rules match it.
	Op string `json:"op,omitempty"`
	// OpenID of the follower.
	OpenID string `json:"openid"`
	// MsgID of a message, or of a report about a send; empty: the platform makes one. Other
	// events have none of their own. All events go by EventID.
	MsgID string `json:"msg_id,omitempty"`
	// MsgType is the platform's: text, image, … event. Empty: event when Event is
	// set, otherwise text.
	MsgType string `json:"msg_type,omitempty"`
	// Content of a text.
	Content string `json:"content,omitempty"`
	// Event and EventKey of an event, in the exact case of the platform.
	Event    string `json:"event,omitempty"`
	EventKey string `json:"event_key,omitempty"`
	// CreateTime in Unix seconds, the same for all tries; 0: now at the first try.
	CreateTime int64 `json:"create_time,omitempty"`
	// Fields are the further elements of the type, in their order.
	Fields []Field `json:"fields,omitempty"`
	// Info is the InfoType of a notice to a third-party platform. Of a notice the fields above,
	// but Op, CreateTime and Fields, are not used.
	Info string `json:"-"`
}

// Field is one element of a pushed message: a text, or a container of others.
type Field struct {
	Name   string  `json:"name"`
	Value  string  `json:"value,omitempty"`
	Fields []Field `json:"fields,omitempty"`
}

// IsEvent tells an event from a message.
func (m *Message) IsEvent() bool { return m.MsgType == "event" }

// EventID is by what an event is told from others: openid, CreateTime, Event and
// EventKey, and the values of its further fields in their order, joined by bars; a bar or a
// backslash within one of them has a backslash before it. The platform repeats an event with
// all of them equal.
func (m *Message) EventID() string {
	id := m.OpenID + "|" + strconv.FormatInt(m.CreateTime, 10) + "|" + barred.Replace(m.Event) + "|" + barred.Replace(m.EventKey)
	return appendValues(id, m.Fields)
}

// barred writes a value within an id.
var barred = strings.NewReplacer(`\`, `\\`, "|", `\|`)

func appendValues(id string, fields []Field) string {
	for _, f := range fields {
		if len(f.Fields) > 0 {
			id = appendValues(id, f.Fields)
		} else {
			id += "|" + barred.Replace(f.Value)
		}
	}
	return id
}

// noticeID is by what a notice to a third-party platform is told from others: InfoType,
// CreateTime, and a digest of its fields, some of which are secrets.
func (m *Message) noticeID() string {
	sum := sha256.Sum256([]byte(appendValues("", m.Fields)))
	return m.Info + "|" + strconv.FormatInt(m.CreateTime, 10) + "|" + hex.EncodeToString(sum[:8])
}

// reportID is the name of the field by which the platform numbers its reports about
// what an account has sent; "" for other events.
func (m *Message) reportID() string {
	switch strings.ToUpper(m.Event) {
	case "TEMPLATESENDJOBFINISH", "MASSSENDJOBFINISH":
		return "MsgID"
	}
	return ""
}

// number gives a report its number: the given one, or a new one.
func (m *Message) number(nextID func() string) {
	name := m.reportID()
	if name == "" || slices.ContainsFunc(m.Fields, func(f Field) bool { return f.Name == name }) {
		return
	}
	if m.MsgID == "" {
		m.MsgID = nextID()
	}
	m.Fields = append([]Field{{Name: name, Value: m.MsgID}}, m.Fields...)
}

// Complete fills in what the platform decides and checks the rest.
func (m *Message) Complete(now int64, nextID func() string) error {
	if m.MsgType == "" {
		m.MsgType = "text"
		if m.Event != "" {
			m.MsgType = "event"
		}
	}
	if m.CreateTime == 0 {
		m.CreateTime = now
	}
	switch {
	case m.Info != "":
		m.MsgID = m.noticeID()
	case m.OpenID == "":
		return fmt.Errorf("%w: openid is missing", ErrMessage)
	case m.IsEvent() && m.Event == "":
		return fmt.Errorf("%w: an event needs its event", ErrMessage)
	case m.IsEvent():
		m.number(nextID)
		m.MsgID = m.EventID()
	case m.MsgID == "":
		m.MsgID = nextID()
	}
	return checkFields(m.Fields)
}

func checkFields(fields []Field) error {
	for _, f := range fields {
		if f.Name == "" || strings.ContainsFunc(f.Name, func(r rune) bool { return r >= utf8.RuneSelf || !nameByte(byte(r)) }) {
			return fmt.Errorf("%w: field name %q", ErrMessage, f.Name)
		}
		if err := checkFields(f.Fields); err != nil {
			return err
		}
	}
	return nil
}

// AppendXML writes the message as the platform does: no newline after the root,
// one after every element. The account is named by its original id, a third-party platform
// by its appid.
func (m *Message) AppendXML(b []byte, originalID string) []byte {
	b = append(b, "<xml>"...)
	if m.Info != "" {
		b = appendCDATA(b, "AppId", originalID)
		b = append(b, "<CreateTime>"...)
		b = strconv.AppendInt(b, m.CreateTime, 10)
		b = append(b, "</CreateTime>\n"...)
		b = appendFields(appendCDATA(b, "InfoType", m.Info), m.Fields)
		return append(b, "</xml>"...)
	}
	b = appendCDATA(b, "ToUserName", originalID)
	b = appendCDATA(b, "FromUserName", m.OpenID)
	b = append(b, "<CreateTime>"...)
	b = strconv.AppendInt(b, m.CreateTime, 10)
	b = append(b, "</CreateTime>\n"...)
	b = appendCDATA(b, "MsgType", m.MsgType)
	switch m.MsgType {
	case "event":
		b = appendCDATA(b, "Event", m.Event)
		b = appendCDATA(b, "EventKey", m.EventKey)
	case "text":
		b = appendCDATA(b, "Content", m.Content)
	}
	b = appendFields(b, m.Fields)
	if !m.IsEvent() {
		b = append(b, "<MsgId>"...)
		b = append(b, m.MsgID...)
		b = append(b, "</MsgId>\n"...)
	}
	return append(b, "</xml>"...)
}

func appendFields(b []byte, fields []Field) []byte {
	for _, f := range fields {
		if len(f.Fields) == 0 {
			b = appendCDATA(b, f.Name, f.Value)
			continue
		}
		b = append(append(append(b, '<'), f.Name...), ">\n"...)
		b = appendFields(b, f.Fields)
		b = append(append(append(b, "</"...), f.Name...), ">\n"...)
	}
	return b
}

func appendCDATA(b []byte, name, text string) []byte {
	b = append(append(append(b, '<'), name...), "><![CDATA["...)
	for {
		i := strings.Index(text, "]]>")
		if i < 0 {
			break
		}
		b = append(append(b, text[:i]...), "]]]]><![CDATA[>"...)
		text = text[i+3:]
	}
	b = append(append(b, text...), "]]></"...)
	return append(append(b, name...), ">\n"...)
}
