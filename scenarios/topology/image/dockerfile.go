package image

import (
	"fmt"
	"path"
	"strings"
)

// steps are a Dockerfile of this project, as far as this package understands it:
//
//	ARG PARENT
//	FROM $PARENT
//	COPY SOURCE/ DESTINATION/     any number; or a file to a file
//	RUN COMMAND                   at most one
//	EXPOSE, CMD, ENTRYPOINT, USER, WORKDIR, ENV, VOLUME
//
// in this order. That is few enough instructions to carry out in one container, see
// build.
type steps struct {
	copies   []copyStep
	run      string   // "" when there is none
	settings []string // the instructions that change the image's configuration only
}

type copyStep struct{ from, to string }

// target is where a file goes, and whether the step copies it at all.
func (c copyStep) target(name string) (string, bool) {
	if !strings.HasSuffix(c.from, "/") {
		return c.to, name == c.from
	}
	rest, ok := strings.CutPrefix(name, c.from)
	return c.to + rest, ok
}

// parse reads a Dockerfile.
func parse(text string) (steps, error) {
	var s steps
	for _, line := range instructions(text) {
		word, rest, _ := strings.Cut(line, " ")
		rest = strings.TrimSpace(rest)
		switch word {
		case "ARG":
		case "FROM":
			if rest != "$PARENT" {
				return steps{}, fmt.Errorf("FROM %s: only FROM $PARENT is understood", rest)
			}
		case "COPY":
			from, to, ok := strings.Cut(rest, " ")
			if !ok || !path.IsAbs(to) || strings.HasSuffix(from, "/") != strings.HasSuffix(to, "/") {
				return steps{}, fmt.Errorf("COPY %s: only COPY FOLDER/ /FOLDER/ and COPY FILE /FILE are understood", rest)
			}
			if s.run != "" {
				return steps{}, fmt.Errorf("COPY %s: it must stand before RUN", rest)
			}
			s.copies = append(s.copies, copyStep{from: from, to: strings.TrimPrefix(to, "/")})
		case "RUN":
			if s.run != "" {
				return steps{}, fmt.Errorf("RUN %s: a second RUN is not understood; join it to the first with &&", rest)
			}
			s.run = rest
		case "EXPOSE", "CMD", "ENTRYPOINT", "USER", "WORKDIR", "ENV", "VOLUME":
			s.settings = append(s.settings, line)
		default:
			return steps{}, fmt.Errorf("%s: the instruction is not understood", word)
		}
	}
	return s, nil
}

// instructions are the lines of a Dockerfile without comments, continued ones joined.
func instructions(text string) []string {
	var out []string
	continued := false
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		line, more := strings.CutSuffix(line, "\\")
		if continued {
			out[len(out)-1] += strings.TrimSpace(line) + " "
		} else {
			out = append(out, strings.TrimSpace(line)+" ")
		}
		continued = more
	}
	for i := range out {
		out[i] = strings.TrimSpace(out[i])
	}
	return out
}
