package message

import "strings"

// Shown is one thing in a chat, as the follower's phone shows it.
type Shown struct {
	Kind  string    `json:"kind"` // text, image, voice, video, music, news, template, event, location, notice or another type
	Title string    `json:"title,omitempty"`
	Text  string    `json:"text,omitempty"`
	URL   string    `json:"url,omitempty"`
	Media string    `json:"media,omitempty"` // media_id
	Items []Article `json:"items,omitempty"`
}

// Article is one card of a news message.
type Article struct {
	Title string `json:"title"`
	Text  string `json:"text,omitempty"`
	URL   string `json:"url,omitempty"`
}

// ShowReply is what a follower sees of a reply that ReadReply has taken. It is false for
// one that shows nothing, such as "success".
func ShowReply(plain string) (Shown, bool) {
	root, err := parseXML([]byte(plain))
	if err != nil {
		return Shown{}, false
	}
	s := Shown{Kind: root.get("MsgType")}
	switch s.Kind {
	case "text":
		s.Text = root.get("Content")
	case "image":
		s.Media = root.get("Image", "MediaId")
	case "voice":
		s.Media = root.get("Voice", "MediaId")
	case "video":
		s.Media, s.Title, s.Text = root.get("Video", "MediaId"), root.get("Video", "Title"), root.get("Video", "Description")
	case "music":
		s.Title, s.Text, s.URL = root.get("Music", "Title"), root.get("Music", "Description"), root.get("Music", "MusicUrl")
	case "news":
		articles, err := root.child("Articles")
		if err != nil {
			return Shown{}, false
		}
		for i := range articles.children {
			one := &articles.children[i]
			s.Items = append(s.Items, Article{one.get("Title"), one.get("Description"), one.get("Url")})
		}
	case "transfer_customer_service":
		s = Shown{Kind: "notice", Text: "已转接人工客服"}
	default:
		return Shown{}, false
	}
	return s, true
}

// get is the text at the end of a path, "" when there is none.
func (n *node) get(path ...string) string {
	for _, name := range path {
		c, err := n.child(name)
		if err != nil {
			return ""
		}
		n = c
	}
	return strings.TrimSpace(n.text)
}

// Show is the message as its follower sees it on the own side of the chat. It is false for
// an event that no phone shows, such as a report to the account.
func (m *Message) Show() (Shown, bool) {
	field := func(name string) string {
		for _, f := range m.Fields {
			if f.Name == name {
				return f.Value
			}
		}
		return ""
	}
	switch m.MsgType {
	case "text":
		return Shown{Kind: "text", Text: m.Content}, true
	case "location":
		return Shown{Kind: "location", Title: field("Label"), Text: field("Location_X") + ", " + field("Location_Y")}, true
	case "event":
		words, known := eventWords[m.Event]
		return Shown{Kind: "event", Title: m.Event, Text: strings.TrimSpace(words + " " + m.EventKey)}, known
	}
	return Shown{Kind: m.MsgType, Media: field("MediaId")}, true
}

// eventWords are what a person reads of an event that the own phone has made.
var eventWords = map[string]string{
	"subscribe": "已关注", "unsubscribe": "已取消关注", "CLICK": "点击菜单", "VIEW": "打开网页", "SCAN": "扫描二维码",
	"view_miniprogram": "打开小程序", "scancode_push": "扫码", "scancode_waitmsg": "扫码", "pic_sysphoto": "拍照发图",
	"pic_photo_or_album": "拍照或者相册发图", "pic_weixin": "相册发图", "location_select": "选择位置",
}
