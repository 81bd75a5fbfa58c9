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
	RoleWorker   = "worker"   // does the jobs behind the reply
	RoleScaler   = "scaler"   // sizes the pool of app servers; alone, on a load balancer's host
)

// roles is what a server does.
type roles map[string]bool

// names lists the roles in a fixed order.
func (r roles) names() []string {
	var out []string
	for _, name := range []string{RoleCallback, RoleWorker, RoleScaler} {
		if r[name] {
			out = append(out, name)
		}
	}
	return out
}

// parseRoles reads a list of roles; none means all, which the scaler is no part of: its
// host is a load balancer's.
func parseRoles(list []string) (roles, error) {
	r := make(roles)
	for _, name := range list {
		switch name {
		case RoleAll:
			r[RoleCallback], r[RoleWorker] = true, true
		case RoleCallback, RoleWorker, RoleScaler:
			r[name] = true
		default:
			if slices.Contains([]string{"oauth", "control", "campaign", "admin"}, name) {
				return nil, fmt.Errorf("role %q is not available yet; there are all, callback, worker and scaler", name)
			}
			return nil, fmt.Errorf("role %q does not exist; there are all, callback, worker and scaler", name)
		}
	}
	if r[RoleScaler] && len(r) > 1 {
		return nil, fmt.Errorf("role %s runs alone, on the host of a load balancer", RoleScaler)
	}
	if len(r) == 0 {
		r[RoleCallback], r[RoleWorker] = true, true
	}
	return r, nil
}

// ParseRoles splits a comma-separated list, such as the value of --roles. It
// does not judge the names: New does.
func ParseRoles(list string) []string {
	return strings.FieldsFunc(list, func(c rune) bool { return c == ',' || c == ' ' })
}
