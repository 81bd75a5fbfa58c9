// Package control owns the control server: what app servers and other systems ask it of
// accounts (CTL-2, CTL-3). Tokens and tickets come from their keepers; the settings of accounts
// are its own. It owns, too, what each server has in memory of these settings.
package control
