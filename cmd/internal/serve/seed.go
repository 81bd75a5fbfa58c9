package serve

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/goccy/go-yaml"

	"oalab/mockwechat"
	"oalab/mockwechat/platform"
)

// lookEvery is how often the seed file is looked at. A change counts when two looks in a row
// see it: an editor may be in the middle of writing.
const lookEvery = 200 * time.Millisecond

// someOpenID is the follower of the phone page when the seed file binds none.
const someOpenID = "oDemoFollower000000000000001"

// seed is the part of a seed file that the stand itself needs. The server judges the file.
type seed struct {
	Keywords []struct {
		Keyword string `yaml:"keyword"`
		Hidden  bool   `yaml:"hidden"`
	} `yaml:"keywords"`
	Business []struct {
		Kind     string   `yaml:"kind"`
		Name     string   `yaml:"name"`
		Commands []string `yaml:"commands"`
		MenuKey  string   `yaml:"menu_key"`
	} `yaml:"business"`
	BindingsCSV string `yaml:"bindings_csv"`
}

// followers are the openids that the seed binds.
func (s seed) followers() (all []string) {
	lines := bufio.NewScanner(strings.NewReader(s.BindingsCSV))
	for lines.Scan() {
		openID, _, _ := strings.Cut(lines.Text(), ",")
		if openID = strings.TrimSpace(openID); platform.WellFormed(openID) {
			all = append(all, openID)
		}
	}
	return all
}

// texts are what a follower may write: the keywords, and a command of each business.
func (s seed) texts() (all []string) {
	for _, k := range s.Keywords {
		if !k.Hidden {
			all = append(all, k.Keyword)
		}
	}
	for _, b := range s.Business {
		if len(b.Commands) > 0 {
			all = append(all, b.Commands[0])
		}
	}
	return all
}

// load loads the seed file into the server's database, whose former content goes, and sets
// up the platform for it: followers and menu. content is what the file has. When the server
// refuses the file, nothing has changed.
func (s *stand) load(ctx context.Context, content []byte) (seed, error) {
	var is seed
	cmd := exec.CommandContext(ctx, s.Oaserver, "seed", "--config", s.config(), "--prune=keywords,business,bindings", s.Seed)
	if out, err := cmd.CombinedOutput(); err != nil {
		return is, errors.New(strings.TrimPrefix(lastLine(out, err.Error()), "oaserver: "))
	}
	if err := yaml.Unmarshal(content, &is); err != nil {
		return is, fmt.Errorf("seed %s: the menu is not set: %w", s.Seed, err)
	}
	s.account.Followers.List = is.followers()
	if err := s.platform.SetAccounts([]mockwechat.Account{s.account}); err != nil {
		return is, err
	}
	if err := s.setMenu(ctx, is); err != nil {
		return is, fmt.Errorf("seed %s: the menu is not set: %w", s.Seed, err)
	}
	return is, nil
}

// lastLine is the last line of a program's output, or instead when it printed nothing.
func lastLine(out []byte, instead string) string {
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	if last := lines[len(lines)-1]; last != "" {
		return last
	}
	return instead
}

// watch is what is known of the seed file.
type watch struct {
	*stand

	tried []byte // what was last loaded, or refused
	seen  []byte // another content that the last look saw; nil: none
	gone  bool   // the last look did not find the file
}

// look looks at the seed file once.
func (w *watch) look(ctx context.Context) {
	content, err := os.ReadFile(w.Seed)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		// An editor may replace the file. Only what is still gone at the next look is told.
		if w.gone && w.tried != nil {
			w.tried, w.seen = nil, nil
			w.Say("the seed file " + w.Seed + " is gone; what was loaded stays")
		}
		w.gone = true
		return
	case err != nil:
		return // the next look may fare better
	}
	w.gone = false
	if w.tried != nil && bytes.Equal(content, w.tried) {
		w.seen = nil
		return
	}
	if w.seen == nil || !bytes.Equal(content, w.seen) {
		w.seen = content
		return
	}
	w.tried, w.seen = content, nil
	switch _, err := w.load(ctx, content); {
	case ctx.Err() != nil:
	case err != nil:
		w.Say("NOT LOADED, what was loaded before stays: " + err.Error())
	default:
		w.Say("loaded " + w.Seed + " again; messages are answered by it within 3 s")
	}
}
