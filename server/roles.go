package server

import (
	"fmt"
	"slices"
	"strings"
)

// The roles of a server.
const (
	RoleAll      = "all"
	RoleCallback = "callback" // answers the platform
	RoleOAuth    = "oauth"    // logs followers in
	RoleCampaign = "campaign" // red packets and top-ups
	RoleWorker   = "worker"   // does the jobs behind the reply
	RoleControl  = "control"  // gives app servers tokens and settings
	RoleScaler   = "scaler"   // sizes the pool of app servers; alone, on a load balancer's host
)

// notYet are the roles of the design that no part has yet.
var notYet = []string{"admin"}

// roles is what a server does.
type roles map[string]bool

// names lists the roles in a fixed order.
func (r roles) names() []string {
	var out []string
	for _, role := range roleTable() {
		if r[role.name] {
			out = append(out, role.name)
		}
	}
	slices.Sort(out)
	return out
}

// parseRoles reads a list of roles; none means all, which a role that runs alone is no part of.
func parseRoles(list []string) (roles, error) {
	if len(list) == 0 {
		list = []string{RoleAll}
	}
	r, known, alone := make(roles), make(roles), ""
	for _, role := range roleTable() {
		known[role.name] = true
		if slices.Contains(list, role.name) || !role.alone && slices.Contains(list, RoleAll) {
			r[role.name] = true
		}
		if r[role.name] && role.alone {
			alone = role.name
		}
	}
	for _, name := range list {
		if known[name] || name == RoleAll {
			continue
		}
		lacks := "does not exist"
		if slices.Contains(notYet, name) {
			lacks = "is not available yet"
		}
		return nil, fmt.Errorf("role %q %s; there are all, %s", name, lacks, strings.Join(known.names(), ", "))
	}
	if alone != "" && len(r) > 1 {
		return nil, fmt.Errorf("role %s runs alone, on a host of its own", alone)
	}
	return r, nil
}

// ParseRoles splits a comma-separated list, such as the value of --roles. It
// does not judge the names: New does.
func ParseRoles(list string) []string {
	return strings.FieldsFunc(list, func(c rune) bool { return c == ',' || c == ' ' })
}
