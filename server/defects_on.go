//go:build defects

package server

// defectsAllowed: this build may break its own promises, for the checkers to see.
const defectsAllowed = true
