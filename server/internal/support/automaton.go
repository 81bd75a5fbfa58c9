package support

import (
	"cmp"
	"slices"
)

// pattern is a text to find and what to report when it is found.
type pattern struct {
	text  string
	entry int
}

// automaton finds all patterns inside a message in one pass (Aho and Corasick).
// It works on bytes: in UTF-8 no character's bytes occur inside another's.
type automaton struct {
	nodes []node
	root  [256]int32 // where the root goes: nearly every step starts here
}

// node is a prefix of some pattern. Node 0 is the empty prefix.
type node struct {
	edges []edge // ascending by byte
	fail  int32  // the longest proper suffix that is also a prefix
	// found is the nearest node on the way of failures, this one included, that
	// ends a pattern; 0 when there is none.
	found   int32
	entries []int // patterns that end here
}

type edge struct {
	by byte
	to int32
}

func newAutomaton(patterns []pattern) *automaton {
	a := &automaton{nodes: make([]node, 1)}
	for _, p := range patterns {
		at := int32(0)
		for i := range len(p.text) {
			at = a.grow(at, p.text[i])
		}
		a.nodes[at].entries = append(a.nodes[at].entries, p.entry)
	}
	for _, e := range a.nodes[0].edges {
		a.root[e.by] = e.to
	}
	// Breadth first: a node's failure is shorter than the node, so it is done before.
	queue := make([]int32, 0, len(a.nodes))
	for _, e := range a.nodes[0].edges {
		queue = append(queue, e.to)
	}
	for len(queue) > 0 {
		at := queue[0]
		queue = queue[1:]
		n := &a.nodes[at]
		n.found = a.nodes[n.fail].found
		if len(n.entries) > 0 {
			n.found = at
		}
		for _, e := range n.edges {
			a.nodes[e.to].fail = a.step(n.fail, e.by)
			queue = append(queue, e.to)
		}
	}
	return a
}

// grow returns the child of a node, made when it is not there yet.
func (a *automaton) grow(at int32, by byte) int32 {
	i, ok := slices.BinarySearchFunc(a.nodes[at].edges, by, func(e edge, b byte) int { return cmp.Compare(e.by, b) })
	if ok {
		return a.nodes[at].edges[i].to
	}
	to := int32(len(a.nodes))
	a.nodes[at].edges = slices.Insert(a.nodes[at].edges, i, edge{by, to})
	a.nodes = append(a.nodes, node{})
	return to
}

// step is where the automaton goes from a node by a byte.
func (a *automaton) step(at int32, by byte) int32 {
	for at != 0 {
		edges := a.nodes[at].edges
		low, high := 0, len(edges)
		for low < high {
			if mid := (low + high) / 2; edges[mid].by < by {
				low = mid + 1
			} else {
				high = mid
			}
		}
		if low < len(edges) && edges[low].by == by {
			return edges[low].to
		}
		at = a.nodes[at].fail
	}
	return a.root[by]
}

// find appends the entries of all patterns inside the message to hits, some of
// them more than once.
func (a *automaton) find(message string, hits []int) []int {
	at := int32(0)
	for i := range len(message) {
		at = a.step(at, message[i])
		for end := a.nodes[at].found; end != 0; end = a.nodes[a.nodes[end].fail].found {
			hits = append(hits, a.nodes[end].entries...)
		}
	}
	return hits
}
