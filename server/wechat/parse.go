package wechat

import (
	"fmt"
	"strconv"
	"strings"
)

// ParseMessage reads one pushed message or event in plaintext (MSG-3). A type
// that is not known gives an Unknown body. Hostile input gives an error that
// wraps one of ErrTooLarge, ErrMalformed, ErrForbidden, ErrTooComplex, ErrField
// and quotes nothing of the input (MSG-8).
func ParseMessage(body []byte) (*Message, error) {
	root, err := parseXML(body, maxTextBytes)
	if err != nil {
		return nil, err
	}
	m, err := header(root)
	if err != nil {
		return nil, err
	}
	f := fields{root: root}
	if m.IsEvent() {
		m.Body = f.event(m)
	} else {
		m.Body = f.message(m.Type)
	}
	if f.bad != "" {
		return nil, fmt.Errorf("%w: %s", ErrField, f.bad)
	}
	m.Extra = extra(root, m)
	m.Distinct = distinct(root, m)
	return m, nil
}

// header reads and judges what all messages have in common.
func header(root *Element) (*Message, error) {
	if err := once(root); err != nil {
		return nil, err
	}
	created, err := strconv.ParseInt(strings.TrimSpace(root.ChildText("CreateTime")), 10, 64)
	if err != nil || created <= 0 || created > 1<<40 {
		return nil, fmt.Errorf("%w: CreateTime", ErrField)
	}
	m := &Message{
		To:         strings.TrimSpace(root.ChildText("ToUserName")),
		From:       strings.TrimSpace(root.ChildText("FromUserName")),
		CreateTime: created,
		Type:       strings.TrimSpace(root.ChildText("MsgType")),
		ID:         strings.TrimSpace(root.ChildText("MsgId")),
	}
	if m.Type == "event" {
		m.Event, m.EventKey = strings.TrimSpace(root.ChildText("Event")), root.ChildText("EventKey")
	}
	switch {
	case m.To != "" && !identifier(m.To, 64): // empty is of no harm: nothing depends on it
		return nil, fmt.Errorf("%w: ToUserName", ErrField)
	case !identifier(m.From, 64):
		return nil, fmt.Errorf("%w: FromUserName", ErrField)
	case !identifier(m.Type, 64):
		return nil, fmt.Errorf("%w: MsgType", ErrField)
	case m.Type == "event" && !identifier(m.Event, 128):
		return nil, fmt.Errorf("%w: Event", ErrField)
	case len(m.EventKey) > 2048:
		return nil, fmt.Errorf("%w: EventKey", ErrTooLarge)
	case m.ID != "" && !decimal(m.ID, 20):
		return nil, fmt.Errorf("%w: MsgId", ErrField)
	}
	return m, nil
}

// once refuses a document that says twice what must be said once.
func once(root *Element) error {
	var seen [8]bool
	for i := range root.Children {
		name, field := root.Children[i].Name, 0
		switch name {
		case "ToUserName":
		case "FromUserName":
			field = 1
		case "CreateTime":
			field = 2
		case "MsgType":
			field = 3
		case "MsgId":
			field = 4
		case "Event":
			field = 5
		case "EventKey":
			field = 6
		case "Content":
			field = 7
		default:
			continue
		}
		if seen[field] {
			return fmt.Errorf("%w: two %s", ErrField, name)
		}
		seen[field] = true
	}
	return nil
}

// identifier reports whether s is what the platform uses for ids and names:
// 1 to limit letters, digits and a few marks, never a bar or a space.
func identifier(s string, limit int) bool {
	if s == "" || len(s) > limit {
		return false
	}
	for _, c := range []byte(s) {
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9':
		case c == '_', c == '-', c == '.', c == '@', c == '=':
		default:
			return false
		}
	}
	return true
}

func decimal(s string, limit int) bool {
	if s == "" || len(s) > limit {
		return false
	}
	for _, c := range []byte(s) {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}

// fields reads typed values and remembers the name of the first bad one.
type fields struct {
	root *Element
	bad  string
}

func (f *fields) text(name string) string { return f.root.ChildText(name) }

func (f *fields) integer(e *Element, name string) int {
	s := strings.TrimSpace(e.ChildText(name))
	if s == "" {
		return 0
	}
	n, err := strconv.Atoi(s)
	if err != nil && f.bad == "" {
		f.bad = name
	}
	return n
}

func (f *fields) float(e *Element, name string) float64 {
	s := strings.TrimSpace(e.ChildText(name))
	if s == "" {
		return 0
	}
	x, err := strconv.ParseFloat(s, 64)
	if (err != nil || x != x || x > 1e9 || x < -1e9) && f.bad == "" {
		f.bad = name
	}
	return x
}

func (f *fields) message(kind string) Body {
	switch kind {
	case "text":
		return &Text{Content: f.text("Content"), MenuItem: f.text("bizmsgmenuid")}
	case "image":
		return &Image{PicURL: f.text("PicUrl"), MediaID: f.text("MediaId")}
	case "voice":
		return &Voice{MediaID: f.text("MediaId"), Format: f.text("Format"), Recognition: f.text("Recognition")}
	case "video", "shortvideo":
		return &Video{MediaID: f.text("MediaId"), ThumbMediaID: f.text("ThumbMediaId"), Short: kind == "shortvideo"}
	case "location":
		place := f.place(f.root)
		return &place
	case "link":
		return &Link{Title: f.text("Title"), Description: f.text("Description"), URL: f.text("Url")}
	default:
		return &Unknown{Root: f.root}
	}
}

func (f *fields) place(e *Element) Location {
	return Location{
		Latitude:  f.float(e, "Location_X"),
		Longitude: f.float(e, "Location_Y"),
		Scale:     f.integer(e, "Scale"),
		Label:     e.ChildText("Label"),
	}
}
