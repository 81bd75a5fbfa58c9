package phone

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"
	"unicode/utf8"

	"oalab/chaos/upstream"
	"oalab/mockwechat/api"
	"oalab/mockwechat/chat"
	"oalab/mockwechat/message"
	"oalab/mockwechat/platform"
	"oalab/mockwechat/push"
)

var (
	errJSON = errors.New("want Content-Type: application/json")
	errWait = errors.New("after, wait_s: want numbers, wait_s from 0 to 25")
)

// maxWait is the longest wait for messages, in seconds.
const maxWait = 25

// messages is GET …/messages?after=N&wait_s=S: the chat after an entry. It waits up to S
// seconds while there is nothing.
func (s *Server) messages(w http.ResponseWriter, r *http.Request, v visit) {
	after, wait, err := waitOf(r.URL.Query())
	if err != nil {
		upstream.WriteError(w, http.StatusBadRequest, err)
		return
	}
	list, changed := chat.Of(v.acc).Look(v.openID, after)
	if len(list) == 0 && wait > 0 {
		end := time.NewTimer(time.Duration(wait) * time.Second)
		defer end.Stop()
		select {
		case <-changed:
			list, _ = chat.Of(v.acc).Look(v.openID, after)
		case <-end.C:
		case <-r.Context().Done():
		case <-s.done.Done():
		}
	}
	if list == nil {
		list = []chat.Entry{}
	}
	upstream.WriteJSON(w, http.StatusOK, map[string]any{
		"follows": v.acc.Relation(v.openID) == platform.Follows, "messages": list,
	})
}

func waitOf(q url.Values) (after int64, wait int, err error) {
	if text := q.Get("after"); text != "" {
		if after, err = strconv.ParseInt(text, 10, 64); err != nil {
			return 0, 0, errWait
		}
	}
	if text := q.Get("wait_s"); text != "" {
		if wait, err = strconv.Atoi(text); err != nil || wait < 0 || wait > maxWait {
			return 0, 0, errWait
		}
	}
	return after, wait, nil
}

// menu is GET …/menu: the menu as this follower sees it.
func (s *Server) menu(w http.ResponseWriter, _ *http.Request, v visit) {
	list, _ := api.MenuOf(v.acc, v.openID)
	if list == nil {
		list = []api.Button{}
	}
	upstream.WriteJSON(w, http.StatusOK, map[string]any{"button": list})
}

// media is GET …/media/{id}: a file of the account.
func (s *Server) media(w http.ResponseWriter, r *http.Request, v visit) {
	contentType, body, ok := api.File(v.acc, r.PathValue("id"), s.p.Now())
	if !ok {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", contentType)
	_, _ = w.Write(body) // a browser that has gone
}

// The things that a follower does, besides the buttons of the menu.
const (
	doText        = "text"
	doScan        = "scan"
	doLocation    = "location"
	doSubscribe   = "subscribe"
	doUnsubscribe = "unsubscribe"
)

// opPhone is the operation of what comes from phones, as fault rules match it.
const opPhone = "phone"

type action struct {
	Do   string `json:"do"`   // the above, or the type of a button
	Text string `json:"text"` // of a text; the name of a place; what a scanned code says
	// What tells a button from others, as its type has it.
	Key       string  `json:"key"`
	URL       string  `json:"url"`
	PagePath  string  `json:"pagepath"`
	MediaID   string  `json:"media_id"`
	ArticleID string  `json:"article_id"`
	ScanType  string  `json:"scan_type"` // qrcode (also when empty) or barcode
	Count     int     `json:"count"`     // of pictures; 0 means 1
	Ticket    string  `json:"ticket"`    // of the QR code that is scanned
	Latitude  float64 `json:"latitude"`
	Longitude float64 `json:"longitude"`
}

// act is POST …/do. What the follower does is pushed in the background: 202, and the chat
// shows what comes of it.
func (s *Server) act(w http.ResponseWriter, r *http.Request, v visit) {
	var do action
	if err := upstream.ReadJSON(w, r, &do); err != nil {
		upstream.WriteError(w, http.StatusBadRequest, err)
		return
	}
	chat.Of(v.acc).Look(v.openID, 0) // its phone is on
	pushes, err := s.pushes(r, v, do)
	if err != nil {
		upstream.WriteError(w, http.StatusBadRequest, err)
		return
	}
	pusher, err := push.New(s.p, v.acc.Config.Name, push.Config{})
	if err != nil {
		upstream.WriteError(w, http.StatusBadRequest, err)
		return
	}
	err = s.background(func() {
		defer pusher.Close()
		for _, m := range pushes {
			_, _ = pusher.Push(s.done, m) // what came of it stands in the chat and in the ledger
		}
	})
	if err != nil {
		upstream.WriteError(w, http.StatusServiceUnavailable, err)
		return
	}
	w.WriteHeader(http.StatusAccepted)
}

// maxText is the longest text that a follower can write, in letters.
const maxText = 2048

// pushes are what the platform pushes of an action, in their order.
func (s *Server) pushes(r *http.Request, v visit, do action) ([]message.Message, error) {
	m := message.Message{Op: opPhone, OpenID: v.openID}
	if v.acc.Relation(v.openID) != platform.Follows && do.Do != doSubscribe && do.Do != doScan {
		return nil, errors.New("the follower does not follow the account: do subscribe or scan first")
	}
	var err error
	switch do.Do {
	case doText:
		if n := utf8.RuneCountInString(do.Text); n == 0 || n > maxText {
			return nil, fmt.Errorf("text: %d letters, want 1 to %d", n, maxText)
		}
		m.Content = do.Text
	case doScan:
		scan, ok := api.Scanned(s.p, v.acc, v.openID, do.Ticket)
		if !ok {
			return nil, errors.New("ticket: no QR code of the account that is still good has it")
		}
		m = scan
	case doLocation:
		m, err = located(v.openID, do)
	case doSubscribe, doUnsubscribe:
		m.Event = do.Do
	case doClick, doView, doMini, doScanPush, doScanWait, doPhoto, doPicture, doAlbum, doPlace, doMedia, doMediaView, doArticle, doArticleView:
		return s.press(r, v, do)
	default:
		return nil, fmt.Errorf("do %q: want text, scan, location, subscribe, unsubscribe or the type of a button", do.Do)
	}
	return []message.Message{m}, err
}

// located is the message of a place.
func located(openID string, do action) (message.Message, error) {
	if do.Latitude < -90 || do.Latitude > 90 || do.Longitude < -180 || do.Longitude > 180 {
		return message.Message{}, errors.New("latitude, longitude: no place on earth has them")
	}
	degrees := func(x float64) string { return strconv.FormatFloat(x, 'f', 6, 64) }
	return message.Message{Op: opPhone, OpenID: openID, MsgType: "location", Fields: []message.Field{
		{Name: "Location_X", Value: degrees(do.Latitude)},
		{Name: "Location_Y", Value: degrees(do.Longitude)},
		{Name: "Scale", Value: "16"},
		{Name: "Label", Value: do.Text},
	}}, nil
}
