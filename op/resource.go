package op

import (
	"cmp"
	"context"

	"github.com/vestibule-id/vestibule/identity"
)

// errTarget is what a client is told that asks for an API it is not registered for.
const errTarget = "the client is not registered for that resource"

// checkResource keeps the API the tokens are for (RFC 8707). One is enough: a token that two APIs accept is one
// that each of them can use at the other.
func checkResource(_ *Provider, _ context.Context, a *authorization) error {
	a.request.Resource = a.form.Get("resource")
	if a.request.Resource != "" && !has(a.client.Resources, a.request.Resource) {
		return refuse(invalidTarget, errTarget)
	}
	return nil
}

// targeted returns the API a token is for: the one the login was for, and otherwise the one that is asked for
// now. A login for one API gives no token for another, and none once the API was taken from the client.
func targeted(c identity.Client, granted, asked string) (string, error) {
	if granted != "" && asked != "" && asked != granted {
		return "", refuse(invalidTarget, "the login was for another resource")
	}
	target := cmp.Or(granted, asked)
	if target != "" && !has(c.Resources, target) {
		return "", refuse(invalidTarget, errTarget)
	}
	return target, nil
}

// audienceOf is whom a token is for: an API, or this provider, the default for a request that names none
// (RFC 9068 §3).
func (p *Provider) audienceOf(resource string) string {
	if resource == "" {
		return p.cfg.Issuer
	}
	return resource
}
