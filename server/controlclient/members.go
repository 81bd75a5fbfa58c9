package controlclient

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"net"
	"net/url"
	"slices"
)

// Member is a control node.
type Member struct {
	// Name is what placement goes by; it is unique and stays when the address changes.
	Name string `json:"name" yaml:"name"`
	// Address is where the node is asked, such as http://198.18.0.31:8080.
	Address string `json:"address" yaml:"address"`
	// Weight is the node's share of the accounts, beside those of the others; 0 means 1.
	Weight float64 `json:"weight" yaml:"weight"`
	// GRPC is where the node is asked over gRPC, host:port, its control.grpc_listen. Empty means
	// over HTTP alone.
	GRPC string `json:"grpc,omitempty" yaml:"grpc"`
}

// Members are the control nodes, and which of them has which account: weighted rendezvous
// (CTL-5). Each account orders the nodes in a way of its own; the first one has it, the second one is its
// standby. A node that is added takes its share from the others, and nothing else moves.
type Members struct {
	// Version of the list; of two lists the one with the higher version counts.
	Version int64 `json:"version" yaml:"version"`
	// Nodes are the control nodes.
	Nodes []Member `json:"nodes" yaml:"nodes"`
}

// Check says what is wrong with the list. One without nodes is good: then each node has every
// account.
func (m Members) Check() error {
	var faults []error
	seen := make(map[string]bool)
	for i, n := range m.Nodes {
		u, err := url.Parse(n.Address)
		switch {
		case n.Name == "" || seen[n.Name]:
			faults = append(faults, fmt.Errorf("node %d: name %q is empty or stands twice", i+1, n.Name))
		case err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "":
			faults = append(faults, fmt.Errorf("node %s: the address is not http:// or https://", n.Name))
		case n.GRPC != "" && !hostPort(n.GRPC):
			faults = append(faults, fmt.Errorf("node %s: grpc is not host:port", n.Name))
		case n.Weight < 0 || math.IsNaN(n.Weight) || math.IsInf(n.Weight, 0):
			faults = append(faults, fmt.Errorf("node %s: the weight must be a positive number", n.Name))
		}
		seen[n.Name] = true
	}
	if len(m.Nodes) > 0 && m.Version < 1 {
		faults = append(faults, errors.New("the version must be positive, and rise with each change"))
	}
	return errors.Join(faults...)
}

func hostPort(address string) bool {
	host, port, err := net.SplitHostPort(address)
	return err == nil && host != "" && port != ""
}

// Order is the order in which the nodes are asked for an account.
func (m Members) Order(account string) []Member {
	type placed struct {
		Member
		score float64
	}
	all := make([]placed, 0, len(m.Nodes))
	for _, n := range m.Nodes {
		all = append(all, placed{n, score(n, account)})
	}
	slices.SortFunc(all, func(a, b placed) int {
		return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(a.Name, b.Name))
	})
	out := make([]Member, 0, len(all))
	for _, p := range all {
		out = append(out, p.Member)
	}
	return out
}

// Has reports whether a node has an account, itself or as its standby.
func (m Members) Has(name, account string) bool {
	if len(m.Nodes) == 0 {
		return true
	}
	order := m.Order(account)
	return slices.ContainsFunc(order[:min(2, len(order))], func(n Member) bool { return n.Name == name })
}

// score is -weight / ln(u) with u uniform in (0, 1) by node and account: the chance to have the
// highest one is the node's share of the weights.
func score(n Member, account string) float64 {
	digest := sha256.Sum256([]byte(n.Name + "\x00" + account))
	u := (float64(binary.BigEndian.Uint64(digest[:])>>11) + 0.5) / (1 << 53)
	return -cmp.Or(n.Weight, 1) / math.Log(u)
}
