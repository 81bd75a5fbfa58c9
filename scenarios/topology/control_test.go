package topology

import (
	"testing"

	"oalab/mockwechat"
)

// TestAccountsOfControlNodes: the platform takes the accounts of control nodes beside the one
// under test, and refuses the one that nodes always keep.
func TestAccountsOfControlNodes(t *testing.T) {
	under := mockwechat.Account{Name: "demo", AppID: "wx1", Secret: "s", Token: "t", OriginalID: "gh_1"}
	c := &Control{Nodes: 2, Accounts: []string{"a", "b", "c"}}
	all := append([]mockwechat.Account{under}, c.accounts(under)...)
	p, err := mockwechat.New(mockwechat.Config{Accounts: all})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Stop(t.Context()); err != nil {
			t.Error(err)
		}
	})
	for _, name := range []string{"demo", "a", "b", "c"} {
		if _, ok := p.Account(name); !ok {
			t.Errorf("the platform has no account %s", name)
		}
	}
	if _, ok := p.Account(c.idle(under).Name); ok {
		t.Error("the platform has the account that it is to refuse")
	}
	if got := (*Control)(nil).accounts(under); got != nil {
		t.Errorf("without control nodes: %v", got)
	}
}
