package server

import (
	"oalab/server/internal/page"
	"oalab/server/internal/part"
)

// pageFiles are the files that all pages for followers load, once for all roles.
func (b *build) pageFiles() (part.Part, error) {
	if b.paged {
		return part.Part{}, nil
	}
	b.paged = true
	return part.Part{Name: "pages", Routes: page.Routes()}, nil
}
