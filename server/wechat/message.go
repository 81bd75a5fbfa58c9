package wechat

import "strconv"

// Message is one inbound message or event in plaintext. Which one it is says
// the type of its Body.
type Message struct {
	// To is the account's original id, such as gh_97417a04a28d.
	To string
	// From is the follower's openid.
	From string
	// CreateTime is in seconds since 1970, as the platform sent it.
	CreateTime int64
	// Type is MsgType as sent, such as "text" or "event".
	Type string
	// ID is MsgId, an opaque decimal; "" for events.
	ID string
	// Event and EventKey are as sent; "" for what is not an event.
	Event, EventKey string
	// Extra is what the document holds beyond the fields above and the content of a
	// text, in its order, under the platform's names.
	Extra []Element
	// Distinct tells messages without an ID of their own apart when all other parts of
	// their Key are equal; "" when nothing does. See Key.
	Distinct string
	// Body is never nil.
	Body Body
}

// Body is what is particular to one type of message: *Text, *Image, *Voice,
// *Video, *Location, *Link, *Unknown, or one of the events.
type Body interface{ body() }

// Text is a message that the follower typed.
type Text struct {
	Content string
	// MenuItem is the id of the tapped item of a menu message, usually "".
	MenuItem string
}

// Image is a picture.
type Image struct{ PicURL, MediaID string }

// Voice is a spoken message. Recognition is "" when the account has no voice
// recognition or nothing was recognised.
type Voice struct{ MediaID, Format, Recognition string }

// Video is a video, or with Short set a short video (MsgType shortvideo).
type Video struct {
	MediaID, ThumbMediaID string
	Short                 bool
}

// Location is a place that the follower sent, in degrees.
type Location struct {
	Latitude, Longitude float64
	Scale               int
	Label               string
}

// Link is a web page that the follower sent.
type Link struct{ Title, Description, URL string }

// Unknown is a message or an event of a type that this package does not know,
// or knows no fields of. It is not an error (MSG-3).
type Unknown struct {
	// Root is the whole document.
	Root *Element
}

func (*Text) body()     {}
func (*Image) body()    {}
func (*Voice) body()    {}
func (*Video) body()    {}
func (*Location) body() {}
func (*Link) body()     {}
func (*Unknown) body()  {}

// IsEvent reports whether the message is an event.
func (m *Message) IsEvent() bool { return m.Type == "event" }

// Key is what a second delivery of the same message has in common with the
// first: MsgId, or openid|CreateTime|Event|EventKey of an event, followed by a bar and
// Distinct where there is one (MSG-6). Keys of different accounts may collide.
func (m *Message) Key() string {
	if m.ID != "" && !m.IsEvent() {
		return m.ID
	}
	name := m.Event
	if !m.IsEvent() {
		name = m.Type
	}
	key := m.From + "|" + strconv.FormatInt(m.CreateTime, 10) + "|" + name + "|" + m.EventKey
	if m.Distinct != "" {
		key += "|" + m.Distinct
	}
	return key
}

// Words is what the follower said: the content of a text, or what was
// recognised in a voice message (MSG-7). "" means that nothing was said.
func (m *Message) Words() string {
	switch b := m.Body.(type) {
	case *Text:
		return b.Content
	case *Voice:
		return b.Recognition
	default:
		return ""
	}
}
