package mockwechat

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Message is one thing a follower does: a message, or an event.
type Message struct {
	// Op is the kind of operation as the workload calls it; fault rules match it.
	Op string `json:"op,omitempty"`
	// OpenID of the follower.
	OpenID string `json:"openid"`
	// MsgID of a message; empty: the platform makes one. An event has none of its
	// own: it goes by EventID.
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
}

// Field is one element of a pushed message: a text, or a container of others.
type Field struct {
	Name   string  `json:"name"`
	Value  string  `json:"value,omitempty"`
	Fields []Field `json:"fields,omitempty"`
}

func (m *Message) isEvent() bool { return m.MsgType == "event" }

// EventID is by what an event is told from others: openid, CreateTime, Event and
// EventKey, joined by bars.
func (m *Message) EventID() string {
	return m.OpenID + "|" + strconv.FormatInt(m.CreateTime, 10) + "|" + m.Event + "|" + m.EventKey
}

// complete fills in what the platform decides and checks the rest.
func (m *Message) complete(now int64, nextID func() string) error {
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
	case m.OpenID == "":
		return fmt.Errorf("%w: openid is missing", ErrMessage)
	case m.isEvent() && m.Event == "":
		return fmt.Errorf("%w: an event needs its event", ErrMessage)
	case m.isEvent():
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

// appendXML writes the message as the platform does: no newline after the root,
// one after every element.
func (m *Message) appendXML(b []byte, originalID string) []byte {
	b = append(b, "<xml>"...)
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
	if !m.isEvent() {
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
