package server_test

import (
	"net/url"

	"github.com/vestibule-id/vestibule/templates"
	"github.com/vestibule-id/vestibule/vestibuletest"
)

// Answers of the right shape with nothing behind them, for the attempts that spoil a part of one.
const (
	emptyAssertion = `{"id":"AAAA","rawId":"AAAA","type":"public-key","clientExtensionResults":{},"response":{"clientDataJSON":"eyJ0eXBlIjoid2ViYXV0aG4uZ2V0IiwiY2hhbGxlbmdlIjoiQUFBQSIsIm9yaWdpbiI6Imh0dHA6Ly9sb2NhbGhvc3QifQ","authenticatorData":"SZYN5YgOjGh0NBcPZHZgW4_krrmihjLHmVzzuoMdl2MFAAAAAQ","signature":"MEUCIQ","userHandle":"YWRh"}}`
	emptyCreation  = `{"id":"AAAA","rawId":"AAAA","type":"public-key","clientExtensionResults":{},"response":{"clientDataJSON":"eyJ0eXBlIjoid2ViYXV0aG4uY3JlYXRlIiwiY2hhbGxlbmdlIjoiQUFBQSIsIm9yaWdpbiI6Imh0dHA6Ly9sb2NhbGhvc3QifQ","attestationObject":"o2NmbXRkbm9uZWdhdHRTdG10oGhhdXRoRGF0YVgA","transports":["internal"]}}`
)

// passkeyDoors are the routes that know passkeys, in the hands of a person who is logged in to Settings.
func (f *fixture) passkeyDoors() (doors []door) {
	add := func(method, path string, b *vestibuletest.Browser, query, fields url.Values) {
		doors = append(doors, door{method, path, []string{f.cookies(b)}, query, fields})
	}
	nobody, request, _ := f.waiting("acme")
	add("POST", "/login", nobody, url.Values{"request": {request}}, url.Values{templates.FieldPasskey: {emptyAssertion}})
	add("POST", "/passkeys/options/sign-in", nobody, nil, url.Values{"x": {"y"}})
	add("POST", "/passkeys/options/second-factor", nobody, url.Values{"request": {request}}, url.Values{"x": {"y"}})
	cleo := f.provider.Browser()
	cleo.Submit(f.provider.URL+"/login?next=/settings", templates.FieldEmail, vestibuletest.Cleo, templates.FieldPassword, vestibuletest.CleoPassword)
	add("POST", "/passkeys/options/register", cleo, nil, url.Values{"x": {"y"}})
	add("POST", "/passkeys/options/fresh", cleo, nil, url.Values{"x": {"y"}})
	add("GET", "/settings/passkeys/new", cleo, nil, nil)
	add("GET", "/settings/passkeys/"+forgedID, cleo, nil, nil)
	add("GET", "/settings/passkeys/"+forgedID+"/remove", cleo, nil, nil)
	add("POST", "/settings/passkeys/new", cleo, nil, url.Values{templates.FieldPasskeyName: {"Key"}, templates.FieldPasskey: {emptyCreation}})
	add("POST", "/settings/passkeys/"+forgedID, cleo, nil, url.Values{templates.FieldPasskeyName: {"Key"}})
	add("POST", "/settings/passkeys/"+forgedID+"/remove", cleo, nil, url.Values{"x": {"y"}})
	return doors
}
