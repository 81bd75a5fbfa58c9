package menu

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"oalab/server/internal/wechatapi"
)

// Store keeps the menus of accounts. Its methods are safe for concurrent use.
type Store interface {
	// Menu returns the menu of an account as it is to be; none is empty.
	Menu(ctx context.Context, account string) ([]Button, error)
}

// Platform is what the platform does with menus. What the errors mean is package wechatapi's.
type Platform interface {
	CreateMenu(ctx context.Context, account string, buttons []wechatapi.MenuButton) error
	// FetchMenu returns no button when the account has no menu.
	FetchMenu(ctx context.Context, account string) ([]wechatapi.MenuButton, error)
}

// Service compares and publishes menus. It is safe for concurrent use.
type Service struct {
	store    Store
	platform Platform
}

// New makes a Service.
func New(store Store, platform Platform) *Service { return &Service{store, platform} }

// Difference is one button that differs.
type Difference struct {
	// Place is that of the button, such as "2.1" for the first one below the second.
	Place string
	// Shown is what the platform has there, Stored what is to be; "" for nothing.
	Shown, Stored string
}

// ErrNoMenu says that nothing is stored that could be published.
var ErrNoMenu = errors.New("no menu is stored; seed one (section menus)")

// Diff returns how the stored menu differs from the one that the platform shows.
func (s *Service) Diff(ctx context.Context, account string) ([]Difference, error) {
	stored, err := s.store.Menu(ctx, account)
	if err != nil {
		return nil, err
	}
	shown, err := s.platform.FetchMenu(ctx, account)
	if err != nil {
		return nil, fmt.Errorf("ask for the menu of account %s: %w", account, err)
	}
	return diff(fromWire(shown), stored), nil
}

// Publish makes the platform show the stored menu, and returns what changed. A menu that is
// shown already is not sent. Followers see a new menu within five minutes, or after they
// follow again. A repeat is harmless.
func (s *Service) Publish(ctx context.Context, account string) ([]Difference, error) {
	stored, err := s.store.Menu(ctx, account)
	if err != nil {
		return nil, err
	}
	if len(stored) == 0 {
		return nil, ErrNoMenu
	}
	if err := Validate(stored); err != nil {
		return nil, fmt.Errorf("the stored menu of account %s: %w", account, err)
	}
	changes, err := s.Diff(ctx, account)
	if err != nil || len(changes) == 0 {
		return nil, err
	}
	if err := s.platform.CreateMenu(ctx, account, wire(stored)); err != nil {
		return nil, fmt.Errorf("publish the menu of account %s: %w", account, err)
	}
	left, err := s.Diff(ctx, account)
	if err != nil {
		return changes, err
	}
	if len(left) > 0 {
		return changes, fmt.Errorf("the platform took the menu of account %s and shows another one at %s: %s", account, left[0].Place, left[0].Shown)
	}
	return changes, nil
}

// diff returns the places at which two menus differ.
func diff(shown, stored []Button) []Difference {
	return slices.DeleteFunc(Compare(shown, stored), func(d Difference) bool { return d.Shown == d.Stored })
}

// Compare describes all places of two menus, those of the first one before further ones.
func Compare(shown, stored []Button) []Difference {
	a, b := map[string]string{}, map[string]string{}
	places := flat(stored, b, flat(shown, a, nil))
	var out []Difference
	seen := map[string]bool{}
	for _, p := range places {
		if !seen[p] {
			out = append(out, Difference{Place: p, Shown: a[p], Stored: b[p]})
		}
		seen[p] = true
	}
	return out
}

// flat describes each button under its place, and appends the places.
func flat(buttons []Button, into map[string]string, places []string) []string {
	for i, b := range buttons {
		place := fmt.Sprint(i + 1)
		into[place], places = b.Describe(), append(places, place)
		for j, sub := range b.Sub {
			below := fmt.Sprintf("%s.%d", place, j+1)
			into[below], places = sub.Describe(), append(places, below)
		}
	}
	return places
}

// Describe says in one line what a button is, without those below it.
func (b Button) Describe() string {
	parts := []string{fmt.Sprintf("%q", b.Name)}
	for _, f := range []struct{ name, value string }{
		{"", b.Type}, {"key ", b.Key}, {"url ", b.URL}, {"media_id ", b.MediaID}, {"appid ", b.AppID}, {"pagepath ", b.PagePath}, {"article_id ", b.ArticleID},
	} {
		switch {
		case f.value == "":
		case f.name == "":
			parts = append(parts, f.value)
		default:
			parts = append(parts, f.name+fmt.Sprintf("%q", f.value))
		}
	}
	return strings.Join(parts, " ")
}
