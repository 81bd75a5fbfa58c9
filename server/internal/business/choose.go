package business

import (
	"context"
	"fmt"
	"strings"
	"time"

	"oalab/server/internal/message"
	"oalab/server/internal/reply"
)

const (
	// staleFor is how long after its life a choice is told to be too late. Later a number
	// belongs to what else may answer it.
	staleFor = 24 * time.Hour
	// maxPageLife is the longest life of a page.
	maxPageLife = 24 * time.Hour
)

// Pages keeps the page that each follower was shown last. Its methods are safe for concurrent
// use, by several processes.
type Pages interface {
	// Page returns the page of a follower; false when there is none.
	Page(ctx context.Context, account, openid string) (Page, bool, error)
	// ShowPage keeps a page in the place of an older one. One that is younger stays. Doing it
	// again changes nothing.
	ShowPage(ctx context.Context, p Page) error
	// UsePage notes that a message confirms the order of a page. It is false when another
	// message has done so, or another page is shown meanwhile.
	UsePage(ctx context.Context, p Page, key string) (bool, error)
}

// choose answers a number that chooses from the page that the follower was shown; ok is false
// when there is none to choose from.
func (s *Service) choose(ctx context.Context, c Command) (r message.Reply, ok bool, err error) {
	n, ok := choiceOf(c.Text)
	if !ok {
		return message.Reply{}, false, nil
	}
	p, ok, err := s.store.Page(ctx, c.Account, c.OpenID)
	if err != nil || !ok {
		return message.Reply{}, false, err
	}
	codes := s.codes.Load()
	code, known := codes.codes[trigger{c.Account, p.Code}]
	// A try of the message whose answer was lost: what it asked for is shown by now.
	if p.Key == reply.StoredKey(c.Key) && known {
		return s.show(ctx, c, code, "")
	}
	age := c.At.Sub(p.At)
	switch {
	case age < 0, age > s.cfg.PageLife+staleFor:
		return message.Reply{}, false, nil // the message is older than the page, or too late
	case age > s.cfg.PageLife:
		return s.say(ctx, c, textStale)
	case !known:
		return s.say(ctx, c, textGone)
	case seen(codes.page(code, s.cfg.PageLife)) != p.Seen:
		return s.show(ctx, c, code, textChanged)
	case n == 0:
		if above, ok := codes.levelOf(code); ok {
			return s.show(ctx, c, above, "")
		}
	case code.Sort.Ordered() && n == 1:
		return s.confirm(ctx, c, p, code)
	case !code.Sort.Ordered():
		if under := codes.under[trigger{c.Account, code.Code}]; n <= len(under) {
			return s.chosen(ctx, c, under[n-1])
		}
	}
	return s.show(ctx, c, code, fmt.Sprintf(textNoChoice, n))
}

// chosen answers a choice: an order is to be confirmed first.
func (s *Service) chosen(ctx context.Context, c Command, code Code) (message.Reply, bool, error) {
	if code.Sort == SortQuery {
		r, err := s.answerCode(ctx, c, code)
		return r, true, err
	}
	return s.show(ctx, c, code, "")
}

// confirm makes the order of a page, once.
func (s *Service) confirm(ctx context.Context, c Command, p Page, code Code) (message.Reply, bool, error) {
	mine, err := s.store.UsePage(ctx, p, reply.StoredKey(c.Key))
	if err != nil {
		return message.Reply{}, true, err
	}
	if !mine {
		return s.say(ctx, c, textUsed)
	}
	r, err := s.answerCode(ctx, c, code)
	return r, true, err
}

// show answers with the page of a code, behind what is to be said first.
func (s *Service) show(ctx context.Context, c Command, code Code, first string) (message.Reply, bool, error) {
	text := s.codes.Load().page(code, s.cfg.PageLife)
	r, err := s.replies.Make(ctx, c.Account, c.Key, func(ctx context.Context, key string) (reply.Draft, error) {
		err := s.store.ShowPage(ctx, Page{
			Account: c.Account, OpenID: c.OpenID, Code: code.Code, Seen: seen(text), Key: key, At: c.At,
		})
		return reply.Draft{Reply: message.Text(strings.TrimPrefix(first+"\n"+text, "\n"))}, err
	})
	return r, true, err
}

// say answers with a text.
func (s *Service) say(ctx context.Context, c Command, text string) (message.Reply, bool, error) {
	r, err := s.replies.Make(ctx, c.Account, c.Key, func(context.Context, string) (reply.Draft, error) {
		return reply.Draft{Reply: message.Text(text)}, nil
	})
	return r, true, err
}
