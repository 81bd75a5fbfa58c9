// Package account owns what the evidence says happened: it reads the history of an arm and
// the ledgers of the mocks, and tells of messages, orders, addresses, pools, servers, writes
// and steps. It is pure, and it judges nothing.
package account
