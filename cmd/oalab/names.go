package main

import (
	"fmt"
	"path"
	"slices"
	"strings"
)

// choose turns the NAMEs of a command line into scenarios: exact names, or
// patterns such as 'carrier-*'. No scenario is chosen twice. several says that
// the line can mean more than one.
func choose(h harness, names []string) (chosen []scenario, several bool, err error) {
	all := h.Scenarios()
	add := func(s scenario) {
		if !slices.ContainsFunc(chosen, func(c scenario) bool { return c.Name == s.Name }) {
			chosen = append(chosen, s)
		}
	}
	several = len(names) > 1
	for _, name := range names {
		if strings.ContainsAny(name, "*?[") {
			several = true
			before := len(chosen)
			matched := false
			for _, s := range all {
				ok, err := path.Match(name, s.Name)
				if err != nil {
					return nil, false, fmt.Errorf("pattern %q: %w", name, err)
				}
				if ok {
					matched = true
					add(s)
				}
			}
			if !matched && len(chosen) == before {
				return nil, false, fmt.Errorf("no scenario matches %q; oalab list shows them", name)
			}
			continue
		}
		s, ok := h.Find(name)
		if !ok {
			return nil, false, unknown(name, all)
		}
		add(s)
	}
	return chosen, several, nil
}

// unknown is the error about a name that no scenario has.
func unknown(name string, all []scenario) error {
	if near := nearest(name, all); len(near) > 0 {
		return fmt.Errorf("unknown scenario %q; did you mean %s?", name, strings.Join(near, " or "))
	}
	return fmt.Errorf("unknown scenario %q; oalab list shows them", name)
}

// nearest are up to three names that a typist may have meant, the nearest first.
func nearest(name string, all []scenario) []string {
	type candidate struct {
		name     string
		distance int
	}
	var near []candidate
	for _, s := range all {
		d := distance(strings.ToLower(name), s.Name)
		switch {
		case len(name) >= 3 && strings.Contains(s.Name, strings.ToLower(name)):
			near = append(near, candidate{s.Name, 0})
		case d <= max(2, len(s.Name)/4):
			near = append(near, candidate{s.Name, d})
		}
	}
	slices.SortStableFunc(near, func(a, b candidate) int { return a.distance - b.distance })
	var names []string
	for _, c := range near[:min(3, len(near))] {
		names = append(names, c.name)
	}
	return names
}

// distance is the number of insertions, deletions and replacements that turn a
// into b (Levenshtein).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			diagonal, row[j+1] = row[j+1], min(diagonal+cost, row[j+1]+1, row[j]+1)
		}
	}
	return row[len(b)]
}
