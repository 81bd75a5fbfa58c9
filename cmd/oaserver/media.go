package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"

	"oalab/cmd/internal/proc"
	"oalab/server"
)

// mediaOptions are what the flags of oaserver media say.
type mediaOptions struct{ name, kind string }

// define adds the flags of one of the commands.
func (o *mediaOptions) define(name string, flags *flag.FlagSet) {
	if name == "media add" {
		flags.StringVar(&o.name, "name", "", "")
		flags.StringVar(&o.kind, "kind", "", "")
	}
}

// media stores, shows and drops the files that answers of an account can name.
func media(ctx context.Context, p proc.Proc, args []string) (err error) {
	type work func(context.Context, proc.Proc, *server.AccountMedia, options) error
	name, do, err := under("media", args, sub[work]{"add", addMedia}, sub[work]{"list", listMedia}, sub[work]{"drop", dropMedia})
	if err != nil {
		return err
	}
	want := 2
	if name == "media list" {
		want = 1
	}
	opt, err := parse(p, name, args[1:], want)
	if err != nil {
		return err
	}
	m, err := server.OpenMedia(ctx, opt.cfg, opt.args[0])
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, m.Close()) }()
	return do(ctx, p, m, opt)
}

func addMedia(ctx context.Context, p proc.Proc, m *server.AccountMedia, opt options) error {
	path := p.Path(opt.args[1])
	content, err := readBounded(path)
	if err != nil {
		return err
	}
	name := opt.media.name
	if name == "" {
		name = strings.TrimSuffix(filepath.Base(path), filepath.Ext(path))
	}
	f, err := m.Add(ctx, name, opt.media.kind, content)
	if err != nil {
		return err
	}
	if f.Trouble != "" {
		fmt.Fprintf(p.Stderr, "oaserver: stored %s (%s, %s); the platform does not have it yet, servers go on trying: %s\n", f.Name, f.Kind, f.Type, f.Trouble)
		return nil
	}
	fmt.Fprintf(p.Stderr, "oaserver: stored and uploaded %s (%s, %s)\n", f.Name, f.Kind, f.Type)
	return nil
}

// readBounded reads a file that is not too large for the platform.
func readBounded(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	content, err := io.ReadAll(io.LimitReader(f, server.MediaMaxSize+1))
	if err = errors.Join(err, f.Close()); err != nil {
		return nil, err
	}
	if len(content) > server.MediaMaxSize {
		return nil, fmt.Errorf("%s has more than %d bytes", path, server.MediaMaxSize)
	}
	return content, nil
}

func listMedia(ctx context.Context, p proc.Proc, m *server.AccountMedia, _ options) error {
	files, err := m.List(ctx)
	if err != nil {
		return err
	}
	table := tabwriter.NewWriter(p.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "NAME\tKIND\tTYPE\tBYTES\tMEDIA_ID\tENDS\tFAILURES\tTROUBLE")
	for _, f := range files {
		id, ends := f.MediaID, "-"
		if id == "" {
			id = "-"
		} else {
			ends = f.Ends.UTC().Format(time.RFC3339)
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%d\t%s\t%s\t%d\t%q\n", f.Name, f.Kind, f.Type, f.Size, id, ends, f.Failures, f.Trouble)
	}
	return table.Flush()
}

func dropMedia(ctx context.Context, p proc.Proc, m *server.AccountMedia, opt options) error {
	if err := m.Drop(ctx, opt.args[1]); err != nil {
		return err
	}
	fmt.Fprintf(p.Stderr, "oaserver: dropped %s; answers that name it show their text\n", opt.args[1])
	return nil
}
