package packet

import (
	"context"
	"crypto/rand"
	"errors"
	"strconv"
	"time"
	"unicode"
	"unicode/utf8"
)

// Bounds of texts from outside.
const (
	maxSerial = 64
	maxWish   = 40 // characters
	maxID     = 32
)

// plainName reports whether a text has 1 to longest letters, digits, - and _.
func plainName(text string, longest int) bool {
	for _, c := range []byte(text) {
		if (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && c != '-' && c != '_' {
			return false
		}
	}
	return text != "" && len(text) <= longest
}

// sendBody is what the call send gets.
type sendBody struct {
	Serial string `json:"serial"`
	Kind   string `json:"kind"`
	Units  int64  `json:"units"`
	Shares int64  `json:"shares"`
	Wish   string `json:"wish"`
}

// kindRandom divides at random, by the allocator of the settings.
const kindRandom = "random"

// judge says what is wrong with a packet that a follower asks for.
func (s *Service) judge(in sendBody) error {
	switch {
	case !plainName(in.Serial, maxSerial):
		return errSerial
	case in.Kind != SplitEqual && in.Kind != kindRandom:
		return errKind
	case !printed(in.Wish):
		return errWish
	case in.Shares < 1:
		return errNoShares
	case in.Shares > int64(s.cfg.MaxShares):
		return errShares
	case in.Units < 1:
		return errNoUnits
	case in.Units > int64(s.cfg.MaxUnits):
		return errUnits
	case in.Units < in.Shares:
		return errFew
	case in.Kind == SplitEqual && in.Units%in.Shares != 0:
		return errUneven
	}
	return nil
}

func printed(wish string) bool {
	if !utf8.ValidString(wish) || utf8.RuneCountInString(wish) > maxWish {
		return false
	}
	for _, r := range wish {
		if !unicode.IsPrint(r) {
			return false
		}
	}
	return true
}

// send makes a packet of the follower's balance.
func (s *Service) send(ctx context.Context, c call) (any, error) {
	var in sendBody
	if err := read(c.r, &in); err != nil {
		return nil, err
	}
	if err := s.judge(in); err != nil {
		return nil, err
	}
	split, shares, err := s.divide(in.Kind, int(in.Units), int(in.Shares))
	if err != nil {
		return nil, err
	}
	sent, err := s.store.Send(ctx, Packet{
		ID: rand.Text(), Account: c.account, Sender: c.openid, Serial: in.Serial, Split: split, Shares: shares, Wish: in.Wish,
		Life: time.Duration(s.cfg.Life),
	})
	if err != nil {
		return nil, err
	}
	return map[string]any{"id": sent.ID, "units": sent.Units, "shares": sent.Shares, "ends": sent.Ends.UnixMilli()}, nil
}

// grab gives the follower a share. The gate refuses what the store has refused before.
func (s *Service) grab(ctx context.Context, c call) (any, error) {
	id := c.path.Param("id")
	if !plainName(id, maxID) {
		return nil, ErrNoPacket
	}
	known := s.gate.Look(ctx, c.account, id, c.openid)
	if known.Has || known.Closed != nil {
		s.metrics.gate.Inc()
		if known.Has {
			return nil, grabbedError{known.Mine}
		}
		return nil, known.Closed
	}
	units, err := s.store.Grab(ctx, c.account, id, c.openid)
	switch {
	case err == nil:
		s.gate.Grabbed(ctx, c.account, id, c.openid, units)
	case errors.Is(err, ErrGrabbed):
		s.gate.Grabbed(ctx, c.account, id, c.openid, units)
		return nil, grabbedError{units}
	case errors.Is(err, ErrSoldOut), errors.Is(err, ErrEnded):
		s.gate.Close(ctx, c.account, id, err)
		return nil, err
	default:
		return nil, err
	}
	return map[string]any{"id": id, "units": units}, nil
}

// look shows a packet.
func (s *Service) look(ctx context.Context, c call) (any, error) {
	id := c.path.Param("id")
	if !plainName(id, maxID) {
		return nil, ErrNoPacket
	}
	p, err := s.store.Look(ctx, c.account, id, c.openid)
	if err != nil {
		return nil, err
	}
	state := "open"
	switch {
	case p.Taken == p.Shares:
		state = "sold_out"
	case p.Over:
		state = "ended"
	}
	kind := kindRandom
	if p.Split == SplitEqual {
		kind = SplitEqual
	}
	out := map[string]any{
		"id": p.ID, "state": state, "kind": kind, "wish": p.Wish, "units": p.Units, "shares": p.Shares, "taken": p.Taken,
		"own": p.Sender == c.openid, "began": p.Began.UnixMilli(), "ends": p.Ends.UnixMilli(),
	}
	if p.Has {
		out["mine"] = p.Mine
	}
	return out, nil
}

// balance tells the follower what there is to send.
func (s *Service) balance(ctx context.Context, c call) (any, error) {
	units, err := s.store.Balance(ctx, c.account, c.openid)
	return map[string]any{"units": units}, err
}

// daily opens the system packet of the day, which holds what the follower's activity is worth.
// The day is that of the database's clock.
func (s *Service) daily(ctx context.Context, c call) (any, error) {
	now, err := s.store.Clock(ctx)
	if err != nil {
		return nil, err
	}
	messages, err := s.activity.Messages(ctx, c.account, c.openid, now.Add(-time.Duration(s.cfg.Activity)), max(1, s.cfg.Daily.most()))
	if err != nil {
		messages = 0
		if times, tell := s.metrics.warnings.Tell("activity", time.Now()); tell {
			s.log.WarnContext(ctx, "the activity of followers cannot be read; their daily packets are those of the lowest level", "times", times, "error", err)
		}
	}
	units := s.cfg.Daily.units(messages)
	if units == 0 {
		return nil, errNoDaily
	}
	if err := s.store.Issue(ctx, c.account, c.openid, "daily:"+now.In(s.cfg.Zone).Format(time.DateOnly), units); err != nil {
		return nil, err
	}
	return map[string]any{"units": units}, nil
}

// historyPage is how many movements one answer has. It is more than a follower makes in a
// millisecond, so that no page ends within one.
const historyPage = 100

// movementLine is a movement as the API shows it.
type movementLine struct {
	Kind   string `json:"kind"`
	Units  int64  `json:"units"`
	Packet string `json:"packet,omitempty"`
	At     int64  `json:"at"`
}

// kindOf names a movement from the follower's side.
func kindOf(m Movement) string {
	switch {
	case m.Out == BookIssued:
		return "issued"
	case m.Out == BookPacket && m.Serial == "":
		return "grabbed"
	case m.Out == BookPacket:
		return "returned"
	case m.In == BookPacket:
		return "sent"
	case m.Out == BookRedeeming && m.In == BookBalance:
		return "refused"
	}
	return string(m.In)
}

// history lists the follower's movements, the latest first; before is the time of the last line
// of the page before, in milliseconds since 1970.
func (s *Service) history(ctx context.Context, c call) (any, error) {
	before := time.UnixMilli(1 << 50)
	if text := c.r.URL.Query().Get("before"); text != "" {
		ms, err := strconv.ParseInt(text, 10, 64)
		if err != nil || ms < 0 {
			return nil, errForm
		}
		before = time.UnixMilli(ms)
	}
	movements, err := s.store.History(ctx, c.account, c.openid, before, historyPage)
	if err != nil {
		return nil, err
	}
	lines := make([]movementLine, 0, len(movements))
	for _, m := range movements {
		lines = append(lines, movementLine{Kind: kindOf(m), Units: m.Units, Packet: m.Packet, At: m.At.UnixMilli()})
	}
	return map[string]any{"movements": lines}, nil
}
