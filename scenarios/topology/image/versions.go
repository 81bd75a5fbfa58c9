package image

import (
	"archive/tar"
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"
)

// good are the last known good versions by image and package.
type good map[Name]map[string]string

// readGood reads versions.txt: lines "image package version".
func readGood(from fs.FS) (good, error) {
	text, err := fs.ReadFile(from, "versions.txt")
	if err != nil {
		return nil, fmt.Errorf("read the last known good versions: %w", err)
	}
	g := good{}
	n := 0
	for line := range strings.Lines(string(text)) {
		n++
		words := strings.Fields(line)
		if len(words) == 0 || strings.HasPrefix(words[0], "#") {
			continue
		}
		if len(words) != 3 || !known(Name(words[0])) {
			return nil, fmt.Errorf("versions.txt line %d is not \"image package version\" of a known image: %q", n, strings.TrimSpace(line))
		}
		name := Name(words[0])
		if g[name] == nil {
			g[name] = map[string]string{}
		}
		g[name][words[1]] = words[2]
	}
	return g, nil
}

// packages are those whose versions an image tells: its own and its parent's.
func (g good) packages(name Name) []string {
	var out []string
	for _, n := range []Name{recipes[name].parent, name} {
		for pkg := range g[n] {
			out = append(out, pkg)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// compare tells where the versions of an image are not the good ones.
func (g good) compare(name Name, have map[string]string) []string {
	var out []string
	for _, pkg := range g.packages(name) {
		want := g[name][pkg]
		if want == "" {
			want = g[recipes[name].parent][pkg]
		}
		switch is := have[pkg]; is {
		case want:
		case "":
			out = append(out, fmt.Sprintf("image %s has no package %s, last known good with %s", name, pkg, want))
		default:
			out = append(out, fmt.Sprintf("image %s has %s %s, last known good with %s", name, pkg, is, want))
		}
	}
	return out
}

// statusPath is where dpkg keeps what is installed.
const statusPath = "/var/lib/dpkg/status"

// installed reads dpkg's status file out of a tar archive of it.
func installed(archive io.Reader, packages []string) (map[string]string, error) {
	tr := tar.NewReader(archive)
	for {
		h, err := tr.Next()
		if errors.Is(err, io.EOF) {
			return nil, fmt.Errorf("no file in the archive of %s", statusPath)
		}
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", statusPath, err)
		}
		if h.Typeflag == tar.TypeReg {
			return parseStatus(tr, packages)
		}
	}
}

// parseStatus finds the versions of packages in dpkg's status file: paragraphs of
// "Field: value", separated by empty lines.
func parseStatus(r io.Reader, packages []string) (map[string]string, error) {
	out := map[string]string{}
	var pkg, version string
	there := false
	end := func() {
		if there && slices.Contains(packages, pkg) {
			out[pkg] = version
		}
		pkg, version, there = "", "", false
	}
	s := bufio.NewScanner(r)
	s.Buffer(nil, 1<<20)
	for s.Scan() {
		line := s.Text()
		if line == "" {
			end()
			continue
		}
		switch field, value, _ := strings.Cut(line, ": "); field {
		case "Package":
			pkg = value
		case "Version":
			version = value
		case "Status":
			there = strings.HasSuffix(value, " installed")
		}
	}
	end()
	if err := s.Err(); err != nil {
		return nil, fmt.Errorf("read %s: %w", statusPath, err)
	}
	return out, nil
}

// label renders versions for an image's label; read does the reverse.
func label(versions map[string]string) string {
	text, _ := json.Marshal(versions) // strings only: cannot fail
	return string(text)
}

func readLabel(text string) map[string]string {
	var versions map[string]string
	_ = json.Unmarshal([]byte(text), &versions) // what is not ours has no versions
	return versions
}
