package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"oalab/scenarios/topology/image"
)

// builtImage is one element of `oalab images --json`.
type builtImage struct {
	Name     string            `json:"name"`
	Ref      string            `json:"ref"`
	Size     int64             `json:"size_bytes"`
	Versions map[string]string `json:"versions"`
	Warnings []string          `json:"warnings,omitempty"`
}

func (a *app) imagesCommand() *cobra.Command {
	var asJSON, asEnv bool
	cmd := &cobra.Command{
		Use:   "images [NAME…]",
		Short: "Build the container images that are missing",
		Long: `images builds the container images of docker scenarios that are not there yet, from
files that are part of oalab and from the static programs beside it. Without NAME it
builds all. What is there already is left as it is: it takes milliseconds.

The base is debian:sid-slim when the daemon has it or a registry gives it, else it is
made with debootstrap, which needs root. OALAB_DEBIAN_MIRROR names another archive of
Debian's packages; http_proxy, https_proxy and no_proxy are handed to the builds.`,
		Example: `  oalab images
  oalab images lb app --json`,
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			var names []string
			for _, n := range image.Names() {
				names = append(names, string(n))
			}
			return names, cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			start := time.Now()
			built, err := a.images(cmd.Context(), args)
			if err != nil {
				return err
			}
			switch {
			case asJSON:
				return a.printJSON(built)
			case asEnv:
				for _, img := range built {
					fmt.Fprintf(a.p.Stdout, "OALAB_IMAGE_%s=%s\n", strings.ToUpper(img.Name), img.Ref)
				}
				return nil
			}
			return a.printImages(built, time.Since(start))
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "array of {name, ref, size_bytes, versions, warnings}")
	cmd.Flags().BoolVar(&asEnv, "env", false, "lines OALAB_IMAGE_NAME=REF, for docker/compose.yaml")
	cmd.MarkFlagsMutuallyExclusive("json", "env")
	return cmd
}

// images builds what is missing of the named images. Progress and warnings go to
// standard error.
func (a *app) images(ctx context.Context, args []string) ([]builtImage, error) {
	names := image.Names()
	if len(args) > 0 {
		names = nil
		for _, arg := range args {
			names = append(names, image.Name(arg))
		}
	}
	docker, err := image.Connect(a.p.Env("DOCKER_HOST"))
	if err != nil {
		return nil, err
	}
	defer docker.Close()
	builder, err := image.New(docker, image.Options{
		Find:      a.p.Find,
		Log:       func(line string) { fmt.Fprintln(a.p.Stderr, "oalab: "+line) },
		Mirror:    a.p.Env("OALAB_DEBIAN_MIRROR"),
		BuildArgs: a.proxies(),
	})
	if err != nil {
		return nil, err
	}
	images, err := builder.Ensure(ctx, names...)
	if err != nil {
		return nil, err
	}
	var built []builtImage
	for _, name := range names {
		img := images[name]
		for _, w := range img.Warnings {
			fmt.Fprintln(a.p.Stderr, "oalab: WARNING: "+w)
		}
		built = append(built, builtImage{Name: string(name), Ref: img.Ref, Size: img.Size, Versions: img.Versions, Warnings: img.Warnings})
	}
	return built, nil
}

// proxies are the settings that downloads need behind a proxy.
func (a *app) proxies() map[string]string {
	args := map[string]string{}
	for _, key := range []string{"http_proxy", "https_proxy", "no_proxy"} {
		if value := a.p.Env(key); value != "" {
			args[key] = value
		}
	}
	return args
}

func (a *app) printImages(built []builtImage, took time.Duration) error {
	w := tabwriter.NewWriter(a.p.Stdout, 0, 4, 2, ' ', 0)
	for _, img := range built {
		var versions []string
		for _, pkg := range slices.Sorted(maps.Keys(img.Versions)) {
			versions = append(versions, pkg+" "+img.Versions[pkg])
		}
		fmt.Fprintf(w, "%s\t%s\t%d MB\t%s\n", img.Name, img.Ref, img.Size/1e6, strings.Join(versions, ", "))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	fmt.Fprintf(a.p.Stdout, "%d images in %.2f s\n", len(built), took.Seconds())
	return nil
}
