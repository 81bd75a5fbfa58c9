// Package account owns what the evidence says happened. It reads the history of an arm and
// the ledgers of the mocks, and returns messages, orders, addresses, pools, servers, writes
// and steps. It is pure and judges nothing.
package account
