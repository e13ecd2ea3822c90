package demo

import (
	_ "embed"
	"strings"
)

//go:embed vestibule.yaml
var data string

// Person is somebody of the demo's data, for the table that says who may log in.
type Person struct {
	Email    string
	Password string
	Key      string // of the authenticator that is set up; empty: none yet
	Accounts string // where they belong, in words
	Hint     string // what there is to see
}

// People are the people of vestibule.yaml.
var People = []Person{
	{"ada@example.com", "plum-lantern-orbit", "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP", "Acme Media, Globex Events", "has an authenticator"},
	{"ben@example.com", "cedar-violin-comet", "", "Acme Media, Globex Events", "the QR code is in the mailbox"},
	{"cleo@example.com", "amber-kayak-meadow", "", "Globex Events", "never asked for a code"},
}

// Accounts are the accounts of vestibule.yaml.
var Accounts = []Account{{Slug: "acme", Name: "Acme Media"}, {Slug: "globex", Name: "Globex Events"}}

// The clients of vestibule.yaml, with their secrets and where they run unless they are moved.
const (
	CMSID         = "cms"
	CMSSecret     = "demo-secret-of-the-cms"
	CMSURL        = "http://localhost:8081"
	EventsID      = "events"
	EventsSecret  = "demo-secret-of-the-events"
	EventsURL     = "http://localhost:8082"
	MailboxURL    = "http://localhost:8083"
	DefaultIssuer = "http://localhost:8080"
)

// Data is the file for `vestibule apply`, with the clients where they really run.
func Data(cms, events string) string {
	return strings.NewReplacer(CMSURL, cms, EventsURL, events).Replace(data)
}
