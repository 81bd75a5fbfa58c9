package topology

import (
	"regexp"
	"slices"
	"strings"

	"oalab/scenarios/history"
)

// hostConfig is the configuration of one of two hosts.
type hostConfig struct {
	host string
	text string   // as `nginx -T` prints it
	self []string // names and addresses of the host, which differ by nature
}

// configLine is one line that says something.
type configLine struct{ file, text string }

// fileHead begins each file in the output of `nginx -T`.
const fileHead = "# configuration file "

// Configurations are compared without comments, without differences in space, and with
// selfWord in place of the names and addresses of the host itself.
const selfWord = "@self"

var spaces = regexp.MustCompile(`\s+`)

// lines are what a configuration says.
func (c hostConfig) lines() []configLine {
	var own []*regexp.Regexp
	for _, s := range c.self {
		own = append(own, regexp.MustCompile(`\b`+regexp.QuoteMeta(s)+`\b`))
	}
	var out []configLine
	file := ""
	for line := range strings.Lines(c.text) {
		line = strings.TrimSpace(line)
		if rest, ok := strings.CutPrefix(line, fileHead); ok {
			file = strings.TrimSuffix(rest, ":")
			continue
		}
		if file == "" || line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		line = spaces.ReplaceAllString(line, " ")
		for _, s := range own {
			line = s.ReplaceAllString(line, selfWord)
		}
		out = append(out, configLine{file, line})
	}
	return out
}

// compareConfigs tells the lines that only one of two configurations has at its place,
// in the order of the files, and how many lines there are in all. Order counts, as it
// does for Nginx.
func compareConfigs(a, b hostConfig) (drift []history.DriftLine, compared int) {
	left, right := a.lines(), b.lines()
	// common[i][j] is how many lines left[i:] and right[j:] have in common, in order.
	common := make([][]int, len(left)+1)
	for i := range common {
		common[i] = make([]int, len(right)+1)
	}
	for i, l := range slices.Backward(left) {
		for j, r := range slices.Backward(right) {
			if l == r {
				common[i][j] = common[i+1][j+1] + 1
			} else {
				common[i][j] = max(common[i+1][j], common[i][j+1])
			}
		}
	}
	i, j := 0, 0
	for i < len(left) || j < len(right) {
		compared++
		switch {
		case i < len(left) && j < len(right) && left[i] == right[j]:
			i, j = i+1, j+1
		case j == len(right) || i < len(left) && common[i+1][j] >= common[i][j+1]:
			drift = append(drift, history.DriftLine{Host: a.host, File: left[i].file, Text: left[i].text})
			i++
		default:
			drift = append(drift, history.DriftLine{Host: b.host, File: right[j].file, Text: right[j].text})
			j++
		}
	}
	return drift, compared
}
