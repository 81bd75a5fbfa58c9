//go:build !defects

package server

// defectsAllowed: a product build plants no defects.
const defectsAllowed = false
